import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemsOfFeed } from '../../../src/adapters/sources/feed.ts'
import { decoded, publishedAt, textOfHtml } from '../../../src/adapters/sources/plain.ts'
import { InputError } from '../../../src/errors.ts'
import { rss } from '../../support/feed-server.ts'

const source = { name: 'bank', url: 'https://bank.example/feed?key=secret', assets: ['SPY'], kind: 'macro' }
const read = (document: string) => itemsOfFeed(document, source)

test('RSS, Atom, RDF and JSON feeds say the same thing in four ways', () => {
  const text = 'Rates stay as they are.'
  const feeds = [
    rss(
      `<guid>7</guid><title>Rates &amp; more</title><link>https://bank.example/7</link><description>&lt;p&gt;${text}&lt;/p&gt;</description><pubDate>Tue, 10 Mar 2026 12:15:00 +0100</pubDate>`,
    ),
    `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>x</id><updated>2026-03-10T11:15:00Z</updated><entry><id>7</id><title>Rates &amp; more</title><link rel="enclosure" href="https://bank.example/7.pdf"/><link href="https://bank.example/7"/><published>2026-03-10T11:15:00Z</published><updated>2026-03-11T00:00:00Z</updated><content type="html">&lt;p&gt;${text}&lt;/p&gt;</content></entry></feed>`,
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><link>https://bank.example</link><description>D</description></channel><item rdf:about="7"><title>Rates &amp; more</title><link>https://bank.example/7</link><description>${text}</description><dc:date>2026-03-10T11:15:00Z</dc:date></item></rdf:RDF>`,
    JSON.stringify({
      version: 'https://jsonfeed.org/version/1.1',
      title: 'T',
      items: [
        {
          id: '7',
          url: 'https://bank.example/7',
          title: 'Rates & more',
          content_html: `<p>${text}</p>`,
          date_published: '2026-03-10T11:15:00Z',
        },
      ],
    }),
  ]
  for (const feed of feeds) {
    const [item, ...rest] = read(feed)
    assert.deepEqual(rest, [])
    assert.deepEqual(
      [item?.title, item?.text, item?.url, item?.publishedAt, item?.dateOnly],
      ['Rates & more', text, 'https://bank.example/7', '2026-03-10T11:15:00.000Z', false],
      feed.slice(0, 60),
    )
    assert.ok(item!.id === '7' || item!.id === 'https://bank.example/7')
    assert.deepEqual([item!.assets, item!.kind, item!.source], [['SPY'], 'macro', 'bank'])
  }
})

test('a web page, an empty answer and broken documents are told as such, without the address’s key', () => {
  const page = `<!doctype html><html><head><title>Please log in</title></head><body>${'<p>no</p>'.repeat(1000)}</body></html>`
  const cases: readonly (readonly [string, RegExp])[] = [
    [page, /it is a web page/],
    ['', /the answer is empty/],
    [' \n', /the answer is empty/],
    ['{"error": "gone"}', /sent no feed/],
    ['%PDF-1.7', /sent no feed/],
    ['<?xml version="1.0"?><urlset></urlset>', /sent no feed/],
  ]
  for (const [document, expected] of cases) {
    assert.throws(
      () => read(document),
      (error: Error) => {
        assert.ok(error instanceof InputError)
        assert.match(error.message, expected)
        assert.ok(!error.message.includes('secret'))
        return true
      },
    )
  }
})

test('a feed with nothing in it, and entries with nothing in them, are no items and no fault', () => {
  assert.deepEqual(read(rss()), [])
  assert.deepEqual(read(rss('<guid>1</guid>', '<title> </title><description></description>')), [])
})

test('a document that declares entities is refused before it is parsed; one that only writes about them is not', () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY ${'abcdefghij'[i + 1]} "${`&${'abcdefghij'[i]};`.repeat(10)}">`).join('')}]><rss version="2.0"><channel><title>&j;</title></channel></rss>`
  assert.throws(() => read(bomb), /declares entities/)
  const hidden = `<!-- <rss> --><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${rss('<title>&a;</title>')}`
  assert.throws(() => read(hidden), /declares entities/)
  const about = rss('<title>XML</title><description><![CDATA[write <!ENTITY x "y"> in the prolog]]></description>')
  assert.equal(read(about).length, 1)
})

test('a gigantic list is read up to its first 5,000 items', () => {
  const items = Array.from({ length: 20_000 }, (_, index) => `<guid>${index}</guid><title>News ${index}</title>`)
  assert.equal(read(rss(...items)).length, 5000)
})

test('what a page was built of does not exhaust the reader', { timeout: 20_000 }, () => {
  for (const html of [
    '<div>'.repeat(200_000),
    '<table><tr><td>'.repeat(3000),
    `<table>${'<tr><td>a</td><td>b</td></tr>'.repeat(30_000)}</table>`,
    `<p>${'&amp;'.repeat(300_000)}</p>`,
    `${'<b>'.repeat(50_000)}x${'</i>'.repeat(50_000)}`,
  ]) {
    const began = performance.now()
    textOfHtml(html)
    assert.ok(performance.now() - began < 3000, html.slice(0, 20))
  }
})

test('scripts, styles, pictures and addresses of links are not words; tables keep their cells apart', () => {
  const html =
    '<style>p{}</style><script>alert(1)</script><p>See <a href="https://x.example/long">the vote</a><img src="p.png" alt="chart"></p><table><tr><td>For</td><td>98 %</td></tr></table>'
  const text = textOfHtml(html)
  assert.match(text, /See the vote/)
  assert.match(text, /For\s+98 %/)
  assert.doesNotMatch(text, /alert|p\{\}|long|png/)
})

const encode = {
  utf16le: (text: string) => Buffer.from(text, 'utf16le'),
  utf16be: (text: string) => Buffer.from(text, 'utf16le').swap16(),
  latin1: (text: string) => Buffer.from(text, 'latin1'),
}

test('a text is read in the encoding it is in, whatever is said about it', () => {
  const xml = (declared: string) => `<?xml version="1.0" encoding="${declared}"?><t>Überschuß à 5 €</t>`
  const latin = (declared: string) => xml(declared).replace('€', 'EUR')
  const cases: readonly (readonly [string, Uint8Array, string, string])[] = [
    ['UTF-8 without a word', Buffer.from(xml('')), '', xml('')],
    ['Latin 1 that the document declares', encode.latin1(latin('iso-8859-1')), 'text/xml', latin('iso-8859-1')],
    ['Latin 1 that the header declares', encode.latin1(latin('')), 'text/xml; charset=ISO-8859-1', latin('')],
    ['Latin 1 that is declared as UTF-8', encode.latin1(latin('utf-8')), 'text/xml; charset=utf-8', latin('utf-8')],
    [
      'UTF-8 where the header says Latin 2 and is believed',
      Buffer.from('<t>plain</t>'),
      'charset=iso-8859-2',
      '<t>plain</t>',
    ],
    ['UTF-8 that is declared as UTF-16', Buffer.from(xml('utf-16')), 'text/xml', xml('utf-16')],
    [
      'UTF-16 with a mark',
      Buffer.concat([Buffer.from([0xff, 0xfe]), encode.utf16le(xml('utf-16'))]),
      '',
      xml('utf-16'),
    ],
    [
      'UTF-16 the other way round',
      Buffer.concat([Buffer.from([0xfe, 0xff]), encode.utf16be(xml('utf-16'))]),
      '',
      xml('utf-16'),
    ],
    ['UTF-16 without a mark, declared as UTF-8', encode.utf16le(xml('utf-16')), 'charset=utf-8', xml('utf-16')],
    ['an encoding nobody knows', Buffer.from(xml('klingon')), 'text/xml', xml('klingon')],
    [
      'Shift JIS',
      Buffer.from([0x3c, 0x74, 0x3e, 0x93, 0xfa, 0x96, 0x7b, 0x3c, 0x2f, 0x74, 0x3e]),
      'charset=shift_jis',
      '<t>日本</t>',
    ],
  ]
  for (const [what, bytes, contentType, expected] of cases) {
    assert.equal(decoded(bytes, contentType), expected, what)
  }
  // Bytes that are nothing: read somehow, never thrown.
  assert.equal(typeof decoded(Buffer.from([0xff, 0xff, 0x80]), 'charset=utf-8'), 'string')
})

test('a date counts when it can be read, with its time and zone, and is nothing otherwise', () => {
  const at = (text: string) => publishedAt(text)?.at
  assert.equal(at('Tue, 10 Mar 2026 12:15:00 +0100'), '2026-03-10T11:15:00.000Z')
  assert.equal(at('10 Mar 2026 12:15 EST'), '2026-03-10T17:15:00.000Z')
  assert.equal(at('2026-03-10T12:15:00-05:00'), '2026-03-10T17:15:00.000Z')
  assert.equal(at('2026-03-10 12:15:00'), '2026-03-10T12:15:00.000Z')
  assert.deepEqual(publishedAt('2026-03-10'), { at: '2026-03-10T00:00:00.000Z', dateOnly: true })
  // The 95th of September and the 21st month stand in real files; a year alone is no day; 1970 is a clock that was not set.
  for (const bad of [
    '',
    'yesterday',
    '2022-09-95',
    '2021-21-06',
    '2026',
    '2026-03',
    '2026-W11',
    '1970-01-01',
    '9999-01-01',
    'x'.repeat(100),
    null,
    undefined,
  ])
    assert.equal(publishedAt(bad), null, String(bad))
})
