import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../files.ts'
import type { Spending } from '../spending.ts'
import { isGone, workerName } from '../worker.ts'

/** Where calls of all processes of one home line up: together they stay within the budget and the rate. */
export type ModelDesk = {
  /**
   * Reserves what a call may cost, and waits until it may be made.
   *
   * @param options bulk: one question of many, which keeps to the rate; any other only counts in it
   * @returns null where the day's budget does not cover it. `leave` gives the reservation back, once what the call cost is
   *   in the ledger; a process that dies leaves it to be counted as spent, since a bill may come
   */
  readonly enter: (usd: number, options: { readonly bulk: boolean }) => Promise<{ readonly leave: () => void } | null>
  readonly close: () => void
}

export type DeskOptions = {
  readonly home: string
  readonly spending: Spending
  readonly dailyBudgetUsd: number
  readonly requestsPerMinute: number
  /** Longest time that a call takes: a reservation that blocks longer than this is not waited for. */
  readonly callMostMs: number
  readonly now?: () => number
  readonly sleep?: (ms: number) => Promise<unknown>
}

const busyTimeoutMs = 10_000
const lookAgainMs = 100
const lineMost = 500

/**
 * The desk of a home: a small database of its own, since a reservation must be seen and written in one step. Losing it loses
 * nothing but what is under way.
 */
export function openModelDesk(options: DeskOptions): ModelDesk {
  const { home, spending, dailyBudgetUsd, requestsPerMinute, callMostMs } = options
  const { now = Date.now, sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) } = options
  const worker = workerName()
  const spacingMs = 60_000 / requestsPerMinute
  let database: DatabaseSync | null = null

  /** One transaction that no other process shares. */
  function alone<T>(work: (database: DatabaseSync) => T): T {
    database ??= openFile(home)
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = work(database)
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }

  /** The moment of the next free turn, which is taken by asking. Turns are evenly spaced, so that no minute has too many. */
  function turn(bulk: boolean): number {
    return alone((desk) => {
      const asked = now()
      const next = Number(desk.prepare('SELECT at FROM turn').get()?.at ?? 0)
      // A line this long was made under another setting or another clock.
      const taken = Math.max(asked, Math.min(next, asked + lineMost * spacingMs))
      desk.prepare('INSERT OR REPLACE INTO turn (one, at) VALUES (1, ?)').run(taken + spacingMs)
      return bulk ? taken : asked
    })
  }

  /** A reservation, or null: `busy` when calls under way may leave enough, `spent` when the day has not. */
  function reserve(usd: number): { readonly id: string } | 'busy' | 'spent' {
    return alone((desk) => {
      const day = new Date(now()).toISOString().slice(0, 10)
      for (const hold of desk.prepare('SELECT id, worker, usd, day FROM holds').all()) {
        if (!isGone(String(hold.worker))) continue
        spending.add(String(hold.day), Number(hold.usd))
        desk.prepare('DELETE FROM holds WHERE id = ?').run(String(hold.id))
      }
      // Held first, spent second: a call that ends in between is counted twice rather than not at all.
      const held = Number(desk.prepare('SELECT total(usd) AS usd FROM holds WHERE day = ?').get(day)?.usd)
      const spent = spending.on(day)
      if (!(spent + usd <= dailyBudgetUsd)) return 'spent'
      if (spent + held + usd > dailyBudgetUsd) return 'busy'
      const id = randomUUID()
      desk.prepare('INSERT INTO holds (id, worker, usd, day) VALUES (?, ?, ?, ?)').run(id, worker, usd, day)
      return { id }
    })
  }

  return {
    enter: async (usd, { bulk }) => {
      const wait = turn(bulk) - now()
      if (wait > 0) await sleep(wait)
      const late = now() + callMostMs
      for (;;) {
        const hold = reserve(usd)
        if (hold === 'spent' || (hold === 'busy' && now() > late)) return null
        if (hold !== 'busy') {
          return { leave: () => alone((desk) => void desk.prepare('DELETE FROM holds WHERE id = ?').run(hold.id)) }
        }
        await sleep(lookAgainMs)
      }
    },
    close: () => {
      if (database?.isOpen === true) database.close()
      database = null
    },
  }
}

function openFile(home: string): DatabaseSync {
  const folder = resolve(home)
  makeFolder(folder)
  const database = new DatabaseSync(join(folder, 'model-desk.db'), { timeout: busyTimeoutMs })
  // What is under way at a power cut is over anyway.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS holds (id TEXT PRIMARY KEY, worker TEXT NOT NULL, usd REAL NOT NULL, day TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS turn (one INTEGER PRIMARY KEY, at REAL NOT NULL)`)
  return database
}
