import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openClaimsCache } from '../../src/adapters/claims-cache.ts'
import { type DeskOptions, openModelDesk } from '../../src/adapters/model/desk.ts'
import { openSpending } from '../../src/adapters/spending.ts'
import { withFolder } from '../support/database.ts'

const today = () => new Date().toISOString().slice(0, 10)
const deskOf = (home: string, change: Partial<DeskOptions> = {}) =>
  openModelDesk({
    home,
    spending: openSpending(home),
    dailyBudgetUsd: 1,
    requestsPerMinute: 1e6,
    callMostMs: 5000,
    ...change,
  })

test('calls of several desks never hold more than the day’s budget, and what is given back is used again', () =>
  withFolder(async (home) => {
    const desks = [deskOf(home), deskOf(home)]
    const spending = openSpending(home)
    let held = 0
    let most = 0
    // Each reserves 0.3 and costs 0.01: three at a time fit into 1, and all forty into the day.
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const hold = await desks[index % 2]!.enter(0.3, { bulk: true })
        assert.ok(hold !== null)
        held += 0.3
        most = Math.max(most, held + spending.on(today()))
        await setTimeout(2)
        held -= 0.3
        spending.add(today(), 0.01)
        hold.leave()
      }),
    )
    assert.ok(most <= 1 + 1e-9, String(most))
    assert.ok(most > 0.6, 'they ran one by one')
    assert.ok(Math.abs(spending.on(today()) - 0.4) < 1e-9)
    // 0.4 is spent: 0.7 does not fit any more, whoever leaves.
    assert.equal(await desks[0]!.enter(0.7, { bulk: false }), null)
    assert.equal(await desks[0]!.enter(Number.NaN, { bulk: false }), null)
    for (const desk of desks) desk.close()
  }))

test('turns are evenly spaced over all desks; a question that is none of many waits for nobody and counts all the same', () =>
  withFolder(async (home) => {
    const slept: number[] = []
    const world = { requestsPerMinute: 600, now: () => 1_000_000, sleep: async (ms: number) => void slept.push(ms) }
    const [one, other] = [deskOf(home, world), deskOf(home, world)]
    // 600 a minute: one in 100 ms. The first goes at once.
    for (const desk of [one, other, one]) (await desk.enter(0, { bulk: true }))!.leave()
    assert.deepEqual(slept, [100, 200])
    ;(await other.enter(0, { bulk: false }))!.leave()
    assert.deepEqual(slept, [100, 200])
    ;(await one.enter(0, { bulk: true }))!.leave()
    assert.deepEqual(slept, [100, 200, 400])
    one.close()
    other.close()
  }))

test('what a killed process had reserved counts as spent, since a bill may come', () =>
  withFolder(async (home) => {
    const code = `
      const { openModelDesk } = await import(${JSON.stringify(new URL('../../src/adapters/model/desk.ts', import.meta.url).href)})
      const { openSpending } = await import(${JSON.stringify(new URL('../../src/adapters/spending.ts', import.meta.url).href)})
      const home = ${JSON.stringify(home)}
      const desk = openModelDesk({ home, spending: openSpending(home), dailyBudgetUsd: 1, requestsPerMinute: 1e6, callMostMs: 5000 })
      await desk.enter(0.8, { bulk: true })
      process.stdout.write('held')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout!, 'data')
    const desk = deskOf(home, { callMostMs: 200 })
    // While it lives its reservation blocks, and is waited for as long as a call may take.
    assert.equal(await desk.enter(0.5, { bulk: true }), null)
    assert.equal(openSpending(home).on(today()), 0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(await desk.enter(0.5, { bulk: true }), null)
    assert.ok(Math.abs(openSpending(home).on(today()) - 0.8) < 1e-9)
    ;(await desk.enter(0.2, { bulk: true }))!.leave()
    desk.close()
  }))

test('the ledger is read on from where it was read, by days, and afresh when it is another one', () =>
  withFolder(async (home) => {
    const { appendFileSync, writeFileSync, rmSync } = await import('node:fs')
    const spending = openSpending(home)
    assert.equal(spending.on('2026-03-10'), 0)
    spending.add('2026-03-10', 0.5)
    openSpending(home).add('2026-03-11', 2)
    spending.add('2026-03-10', 0.25)
    assert.deepEqual([spending.on('2026-03-10'), spending.on('2026-03-11')], [0.75, 2])
    // A line that is being written, and one that is nonsense.
    appendFileSync(`${home}/spent.tsv`, 'rubbish\n2026-03-10\t1')
    assert.equal(spending.on('2026-03-10'), 0.75)
    appendFileSync(`${home}/spent.tsv`, '.5\n')
    assert.equal(spending.on('2026-03-10'), 2.25)
    writeFileSync(`${home}/spent.tsv`, '2026-03-10\t7\n')
    assert.equal(spending.on('2026-03-10'), 7)
    rmSync(`${home}/spent.tsv`)
    assert.equal(spending.on('2026-03-10'), 0)
  }))

test('of many who want the same answer one asks, and the others get what it was told', () =>
  withFolder(async (home) => {
    const caches = [openClaimsCache(home), openClaimsCache(home)]
    let asked = 0
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        caches[index % 2]!.once('key', async () => {
          asked++
          await setTimeout(50)
          return [{ asset: 'AAVE' }]
        }),
      ),
    )
    assert.equal(asked, 1)
    assert.ok(answers.every((claims) => JSON.stringify(claims) === '[{"asset":"AAVE"}]'))
    // No answer is not kept, and a failure is nobody's answer.
    assert.equal(await caches[0]!.once('other', async () => null), null)
    await assert.rejects(
      caches[0]!.once('other', () => Promise.reject(new Error('down'))),
      /down/,
    )
    assert.deepEqual(await caches[1]!.once('other', async () => []), [])
    for (const cache of caches) cache.close()
  }))
