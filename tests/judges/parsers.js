// What npm's feed parsers and the JSON Feed schema say of feeds.
// In: file names on standard input, one a line. Out: a JSON line for each file and judge:
// {file, judge, entries: [[id, milliseconds since 1970], …]} or {file, judge, errors: […]}.
// Packages are looked for where NODE_PATH says.
'use strict';
const fs = require('fs');
const readline = require('readline');
const { Readable } = require('stream');
const Ajv = require('ajv');
const addFormats = require('ajv-formats');
const FeedParser = require('feedparser');
const RssParser = require('rss-parser');
const { parseFeed } = require('@rowanmanning/feed-parser');

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
const valid = ajv.compile(require('jsonfeed-schema/v1.1'));
const at = (date) => (date ? new Date(date).getTime() : null);

const xmlJudges = {
  'rss-parser (npm)': async (text) => {
    const feed = await new RssParser().parseString(text);
    return feed.items.map((item) => [item.id || item.guid, at(item.isoDate || item.pubDate)]);
  },
  '@rowanmanning/feed-parser (npm)': async (text) =>
    parseFeed(text).items.map((item) => [item.id, at(item.published)]),
  'feedparser (npm)': (text) =>
    new Promise((resolve, reject) => {
      const entries = [];
      const parser = new FeedParser({ addmeta: false });
      parser.on('error', reject);
      parser.on('readable', () => {
        for (let item = parser.read(); item; item = parser.read()) entries.push([item.guid, at(item.pubdate)]);
      });
      parser.on('end', () => resolve(entries));
      Readable.from([text]).pipe(parser);
    }),
};

async function feedsmith(text) {
  const { parseFeed: parse } = await import(require.resolve('feedsmith'));
  const { format, feed } = parse(text);
  if (format === 'atom') return (feed.entries || []).map((entry) => [entry.id, at(entry.published)]);
  if (format === 'rss') return (feed.items || []).map((item) => [item.guid?.value, at(item.pubDate)]);
  return (feed.items || []).map((item) => [item.id, at(item.date_published)]);
}

function schema(text) {
  if (valid(JSON.parse(text))) return [];
  return valid.errors.map((error) => `${error.instancePath} ${error.message}`);
}

async function main() {
  for await (const file of readline.createInterface({ input: process.stdin })) {
    const text = fs.readFileSync(file, 'utf8');
    const say = (judge, result) => console.log(JSON.stringify({ file, judge, ...result }));
    const isJson = file.endsWith('.json');
    const judges = isJson ? {} : { ...xmlJudges };
    judges['feedsmith (npm)'] = feedsmith;
    for (const [judge, parse] of Object.entries(judges)) {
      try {
        say(judge, { entries: await parse(text) });
      } catch (error) {
        say(judge, { errors: [String(error)] });
      }
    }
    if (isJson) {
      let errors;
      try {
        errors = schema(text);
      } catch (error) {
        errors = [String(error)];
      }
      say('JSON Feed 1.1 schema (ajv)', { errors });
    }
  }
}
main();
