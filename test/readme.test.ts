import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { demo } from '../src/commands/demo.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the post and the figures in the README are those of the demo that it tells to run', async () => {
  const home = mkdtempSync(join(tmpdir(), 'primer-readme-'))
  const { json } = await demo(
    { sessions: '120', market: 'simulated:1', out: join(home, 'demo') },
    {
      environment: { PRIMER_HOME: home },
      readStdin: async () => '',
      say: () => {},
      show: () => {},
      interactive: false,
    },
  )
  const { posts, books } = json as {
    readonly posts: readonly { readonly purpose: string; readonly x: readonly string[] }[]
    readonly books: readonly {
      readonly from: string
      readonly to: string
      readonly netReturn: number
      readonly benchmarks: Readonly<Record<string, number>>
    }[]
  }
  const quoted = readme
    .split('\n')
    .filter((line) => line.startsWith('> '))
    .map((line) => line.slice(2))
    .join('\n')
  const rendered = posts.find(({ purpose, x }) => purpose === 'decision' && x[0]?.startsWith('Day 39.'))
  assert.equal(quoted, rendered?.x.join('\n'))
  const [book] = books
  const percent = (fraction: number) => `${fraction >= 0 ? '+' : ''}${(fraction * 100).toFixed(1)} %`
  const sentence = readme.replace(/\n/g, ' ')
  assert.ok(
    sentence.includes(
      `made ${percent(book!.netReturn)} after costs from ${book!.from} to ${book!.to}, against ${percent(book!.benchmarks['buy-and-hold:SPY']!)} for SPY and ${percent(book!.benchmarks['equal-weight']!)} for 1/N`,
    ),
  )
})
