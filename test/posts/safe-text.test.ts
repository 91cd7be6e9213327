import assert from 'node:assert/strict'
import { test } from 'node:test'
import twitter from 'twitter-text'
import { discordSafe, ordinaryText, xSafe } from '../../src/posts/safe-text.ts'

test('on X a Paris ticker, a file name and an address lose what makes them a link', () => {
  for (const [given, shown] of [
    ['MC.PA', 'MC·PA'],
    ['prompts/allocator.md', 'prompts/allocator·md'],
    ['see https://foo.com/x', 'see foo·com/x'],
    ['mail@example.com', 'mailexample·com'],
    ['@desk #buy $TSLA', 'desk buy TSLA'],
    ['43.At noon', '43·At noon'],
  ] as const) {
    assert.equal(xSafe(given), shown)
    assert.deepEqual(twitter.extractUrls(shown), [])
  }
})

test('ordinary numbers and sentences stay as they are on both channels', () => {
  const text = 'RSI 14 at 24.1 (was 31), -5.3 % from cost; EUR 10,213. S&P 500 & 1/N, CAC 40.'
  assert.equal(xSafe(text), text)
  assert.equal(discordSafe(text), text)
})

test('on Discord markup shows as it was written', () => {
  for (const [given, shown] of [
    ['**bold** _under_', '\\*\\*bold\\*\\* \\_under\\_'],
    ['`code` ~~gone~~ ||hidden||', '\\`code\\` \\~\\~gone\\~\\~ \\|\\|hidden\\|\\|'],
    ['# heading', '\\# heading'],
    ['> quote', '\\> quote'],
    ['1. list', '1\\. list'],
    ['RSI < 30 and > 20', 'RSI \\< 30 and > 20'],
    ['[sure](https://evil.example/x)', '\\[sure\\]((link removed)'],
  ] as const) {
    assert.equal(discordSafe(given), shown)
  }
})

test('on Discord nobody is pinged and no invitation is shown', () => {
  assert.equal(discordSafe('@everyone <@1> <@&2> <#3> <:a:4>'), '＠everyone ‹＠1> ‹＠&2> ‹#3> ‹:a:4>')
  assert.equal(discordSafe('discord.gg/abc evil.com MC.PA'), 'discord·gg/abc evil·com MC.PA')
})

test('unseen characters vanish and stacked marks are thinned out', () => {
  assert.equal(ordinaryText('a\u202egnp.exe\u202c'), 'agnp.exe')
  assert.equal(ordinaryText('ze\u200bro\ufeff \u2060width\u{e0041}'), 'zero width')
  assert.equal(ordinaryText('line\nbreak\u2028and\ttab'), 'line break and tab')
  assert.equal(ordinaryText('Z\u0338\u0321\u0322\u031b\u0317'), 'Z\u0338\u0321')
  assert.equal(ordinaryText('Hermès, L’Oréal, Việt'), 'Hermès, L’Oréal, Việt')
})
