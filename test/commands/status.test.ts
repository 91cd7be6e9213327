import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../src/adapters/database/journal.ts'
import { status } from '../../src/commands/status.ts'
import type { AttemptEntry } from '../../src/journal/entry.ts'
import { withFolder } from '../support/database.ts'
import { climbingMarket, ioWith, runJob } from '../support/jobs.ts'
import { primer, rowsOf } from '../support/primer.ts'

test('before there is a journal, status says how to begin and makes none', () =>
  withFolder(async (home) => {
    const { code, stdout } = await primer(['status'], { home })
    assert.equal(code, 0)
    assert.match(stdout, /^No journal yet .*npx primer run allocate/)
    const json = JSON.parse((await primer(['status', '--json'], { home })).stdout)
    assert.deepEqual([json.journal, json.books, json.head], [null, [], null])
    assert.deepEqual(readdirSync(home), [])
  }))

test('status tells the book’s last session, its equity, the next run and the head, and changes nothing', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    for (const day of ['05', '06']) await runJob('allocate', `2024-03-${day}`, environment)
    const files = readdirSync(home)
    const json = (await status(ioWith(environment))).json as {
      readonly books: readonly Readonly<Record<string, unknown>>[]
      readonly head: { readonly seq: number; readonly hash: string }
      readonly budget: null
    }
    const { next, ...book } = json.books[0]!
    assert.deepEqual(book, {
      book: 'allocator',
      policy: 'cvar',
      lastSession: '2024-03-06',
      lastDecision: '2024-03-06',
      day: 2,
      equity: 10_000,
      currency: 'EUR',
    })
    // 16:20 in New York is 20:20 or 21:20 UTC, and never on a weekend.
    assert.match(String(next), /T2[01]:20:00\.000Z$/)
    assert(String(next) > new Date().toISOString() && new Date(String(next)).getUTCDay() % 6 !== 0)
    const { seq, hash } = rowsOf(join(home, 'journal.db')).at(-1)!
    assert.deepEqual([json.head.seq, json.head.hash, json.budget], [seq, hash, null])
    assert.deepEqual(readdirSync(home), files)
  }))

test('status tells what is left of today’s budget for the model', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    await runJob('allocate', '2024-03-05', environment)
    const journal = await openJournal(`sqlite:${join(home, 'journal.db')}`)
    const today = new Date()
    const yesterday = new Date(today.getTime() - 86_400_000)
    for (const [sentAt, costUsd] of [
      [yesterday, 3],
      [today, 0.5],
      [today, 0.25],
    ] as const) {
      const body: AttemptEntry = {
        ...{ date: '2024-03-05', attempt: 1, sentAt: sentAt.toISOString(), latencyMs: 1, model: 'm', answeredBy: null },
        ...{ fingerprint: null, requestId: null, finishReason: null, promptTokens: null, completionTokens: null },
        ...{ costUsd, costEstimated: false, outcome: 'accepted', detail: '', rawAnswer: null },
      }
      await journal.append([{ at: sentAt.toISOString(), kind: 'attempt', book: 'allocator', body }])
    }
    await journal.close()
    const settings = { ...environment, OPENAI_API_KEY: 'sk-never-shown-12345', LLM_DAILY_BUDGET_USD: '2' }
    const { json, text } = await status(ioWith(settings))
    const { budget } = json as { readonly budget: Readonly<Record<string, unknown>> }
    assert.deepEqual(budget, { model: 'gpt-5.4-mini', dailyUsd: 2, spentUsd: 0.75, leftUsd: 1.25 })
    assert.match(text, /USD 1\.25 of 2\.00 left today \(UTC\)/)
    assert.doesNotMatch(JSON.stringify(json) + text, /never-shown/)
  }))

test('status of a broken journal names the entry and ends with 2', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    await runJob('allocate', '2024-03-05', environment)
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(home, 'journal.db'))
    database.exec(`UPDATE entries SET body = replace(body, '10000', '10001') WHERE kind = 'close'`)
    database.close()
    const { code, stdout, stderr } = await primer(['status'], { home, env: environment })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^primer: The journal .* is broken: entry 3 was changed/)
  }))
