import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { backtest } from '../../src/commands/backtest.ts'
import { renderPrompt } from '../../src/decision/prompt.ts'
import { sampleSnapshot } from '../support/sample-snapshot.ts'

type Document = {
  readonly initialCapital: number
  readonly finalEquity: number
  readonly netReturn: number
  readonly equity: readonly (readonly [string, number])[]
  readonly fills: readonly { readonly cashChange: number }[]
}

const home = mkdtempSync(join(tmpdir(), 'primer-again-'))
const run = async (book: string): Promise<Document> => {
  const io = {
    environment: { PRIMER_HOME: home },
    readStdin: async () => '',
    say: () => {},
    show: () => {},
    interactive: false,
  }
  const options = { book, policy: 'cvar', from: '2025-03-03', to: '2025-06-30', market: 'simulated:3' } as const
  return (await backtest(options, io)).json as Document
}

test('a second backtest begins with the capital, not with what the first one left, and trades the same [28]', async () => {
  const first = await run('allocator')
  const before = readdirSync(home, { recursive: true })
  const second = await run('allocator')
  assert.equal(JSON.stringify(second), JSON.stringify(first))
  assert.equal(second.equity[0]![1], 10_000)
  assert.ok(second.fills.length > 5)
  assert.deepEqual(readdirSync(home, { recursive: true }), before)
})

test('a backtest with EUR 50,000 begins with 50,000 and earns about what 10,000 earn in per cent [28]', async () => {
  const rules = JSON.parse(readFileSync(new URL('../../books/allocator.json', import.meta.url), 'utf8')) as object
  const file = join(home, 'rich.json')
  writeFileSync(file, JSON.stringify({ ...rules, initialCash: 50_000 }))
  const [poor, rich] = [await run('allocator'), await run(file)]
  assert.equal(rich.initialCapital, 50_000)
  assert.equal(rich.equity[0]![1], 50_000)
  // The same orders in per cent; the minimum commission and tickets weigh less, so it may only be a little better.
  assert.ok(Math.abs(rich.netReturn - poor.netReturn) < 0.02, `${rich.netReturn} and ${poor.netReturn}`)
})

test('the risk figures reach the model: its prompt holds the CVaR of the snapshot in numbers [26]', () => {
  const snapshot = sampleSnapshot({})
  assert.ok(snapshot.risk.cvar95 !== null)
  const template = readFileSync(new URL('../../prompts/allocator.md', import.meta.url), 'utf8')
  const user = renderPrompt(template, snapshot).messages.at(-1)!.content
  assert.match(user, new RegExp(`CVaR 95: ${(snapshot.risk.cvar95 * 100).toFixed(1)}`))
})
