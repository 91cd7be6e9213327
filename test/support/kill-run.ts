import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChainRow } from '../../src/journal/chain.ts'
import { randomFrom } from '../../src/random.ts'
import { type Ran, rowsOf, soundness, startPrimer } from './primer.ts'

export type KillPlan = {
  readonly kills: number
  readonly sessions: number
  /** Chance's seed: the same one draws the same moments, though what they hit depends on the machine. */
  readonly seed: string
  /** Fraction of the time from the first line to the end within which a kill falls. */
  readonly span: number
  readonly env?: Readonly<Record<string, string>>
  readonly compare?: (found: readonly ChainRow[], wanted: readonly ChainRow[]) => void
  readonly say?: (line: string) => void
}

export type KillFigures = {
  readonly kills: number
  readonly runs: number
  /** How many kills came after an entry of which kind was written last, and how many before any. */
  readonly hit: Readonly<Record<string, number>>
  readonly entries: number
  readonly uninterruptedMs: number
  readonly totalMs: number
}

const atEnd = 'after the last entry'
/** One kill in so many falls into the start of the program, when the folder and the tables are made. */
const startShare = 0.15

/**
 * Runs the demo, kills it at random moments, and resumes it until it is done; then does so with another one, until there were
 * enough kills. After each kill the chain must hold and a replay agree; at each end everything must equal an uninterrupted run.
 */
export async function killRun(plan: KillPlan): Promise<KillFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'primer-kills-'))
  const random = randomFrom('kills', plan.seed)
  const started = performance.now()
  const hit: Record<string, number> = {}
  let kills = 0
  let runs = 0
  try {
    const control = await uninterrupted(folder, plan)
    while (kills < plan.kills) {
      runs++
      const cwd = join(folder, `run-${runs}`)
      mkdirSync(cwd)
      let hitsAtEnd = 0
      for (;;) {
        const duringStart = random() < startShare
        const moment = random() * (duringStart ? control.startMs : control.restMs * plan.span)
        // Once nothing is left but the charts, killing goes on only now and then: else no run would ever end.
        const mayKill = kills < plan.kills && hitsAtEnd < 2
        const outcome = await killedAfter(start(cwd, plan), mayKill ? { duringStart, moment } : null)
        if (!outcome.killed) {
          assertDone(outcome.ran)
          break
        }
        kills++
        const place = await placeHit(join(cwd, 'demo'), control.rows.length)
        hit[place] = (hit[place] ?? 0) + 1
        if (place === atEnd) hitsAtEnd++
        plan.say?.(
          `kill ${kills}: ${moment.toFixed(0)} ms after ${duringStart ? 'the start' : 'the first line'}, ${place}`,
        )
      }
      assertSame(join(cwd, 'demo'), control, plan)
      rmSync(cwd, { recursive: true })
    }
    return {
      kills,
      runs,
      hit,
      entries: control.rows.length,
      uninterruptedMs: Math.round(control.startMs + control.restMs),
      totalMs: Math.round(performance.now() - started),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function start(cwd: string, plan: KillPlan): { readonly child: ChildProcess; readonly ended: Promise<Ran> } {
  const args = ['demo', '--sessions', String(plan.sessions), '--out', join(cwd, 'demo')]
  return startPrimer(args, { home: cwd, ...(plan.env !== undefined && { env: plan.env }) })
}

type Control = {
  readonly rows: readonly ChainRow[]
  readonly charts: readonly string[]
  readonly startMs: number
  readonly restMs: number
}

async function uninterrupted(folder: string, plan: KillPlan): Promise<Control> {
  const cwd = join(folder, 'control')
  mkdirSync(cwd)
  const began = performance.now()
  const { child, ended } = start(cwd, plan)
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  const startMs = performance.now() - began
  assertDone(await ended)
  const home = join(cwd, 'demo')
  return {
    rows: rowsOf(join(home, 'journal.db')),
    charts: chartsOf(home),
    startMs,
    restMs: performance.now() - began - startMs,
  }
}

function assertDone({ code, stderr }: Ran): void {
  assert.equal(code, 0, `the resumed run ended with ${code}: ${stderr}`)
}

/** Ends the process at its moment, or lets it end by itself when it is faster, or when no moment is given. */
async function killedAfter(
  { child, ended }: { readonly child: ChildProcess; readonly ended: Promise<Ran> },
  at: { readonly duringStart: boolean; readonly moment: number } | null,
): Promise<{ readonly killed: boolean; readonly ran: Ran }> {
  let timer: NodeJS.Timeout | undefined
  const arm = () => {
    timer = setTimeout(() => child.kill('SIGKILL'), at!.moment)
  }
  if (at?.duringStart === true) arm()
  else if (at !== null) child.stdout!.once('data', arm)
  const ran = await ended
  clearTimeout(timer)
  return { killed: ran.signal === 'SIGKILL', ran }
}

async function placeHit(home: string, entriesAtEnd: number): Promise<string> {
  const found = await soundness(home)
  assert.deepEqual([found.verifies, found.differences], [true, []], `after a kill: ${JSON.stringify(found)}`)
  if (found.entries === null) return 'before there was a journal'
  if (found.entries === 0) return 'before the first entry'
  if (found.entries >= entriesAtEnd) return atEnd
  return `after an entry of kind ${found.last}`
}

function assertSame(home: string, control: Control, plan: KillPlan): void {
  const found = rowsOf(join(home, 'journal.db'))
  if (plan.compare !== undefined) {
    plan.compare(found, control.rows)
    return
  }
  assertSameRows(found, control.rows)
  assert(chartsOf(home).join() === control.charts.join(), 'the charts differ from those of an uninterrupted run')
}

/** Journals are long: this names the first entry that differs, and shows where. */
export function assertSameRows(found: readonly object[], wanted: readonly object[]): void {
  for (let index = 0; index < Math.max(found.length, wanted.length); index++) {
    const [a, b] = [JSON.stringify(found[index]) ?? 'nothing', JSON.stringify(wanted[index]) ?? 'nothing']
    if (a === b) continue
    let at = 0
    while (a[at] === b[at]) at++
    const around = (text: string) => text.slice(Math.max(0, at - 150), at + 150)
    assert.fail(`entry ${index + 1} differs\n  found  ...${around(a)}\n  wanted ...${around(b)}`)
  }
}

function chartsOf(home: string): readonly string[] {
  return ['equity', 'allocation'].map((name) =>
    readFileSync(join(home, 'charts', `allocator-${name}.png`)).toString('base64'),
  )
}

/**
 * Entries without what a repeated question to a model may change: attempts, and with them numbers and hashes of all that
 * follow. Every hash or number of an entry, also inside a post, becomes its place among the entries that are left.
 */
export function lessAttempts(rows: readonly ChainRow[]): readonly object[] {
  const left = rows.filter((row) => row.kind !== 'attempt')
  const places = new Map(left.map((row, index) => [row.hash.slice(0, 32), { index, seq: row.seq }]))
  return left.map(({ at, kind, book, body }) => {
    const named = body
      .replace(/\b([0-9a-f]{32})(?:[0-9a-f]{32})?\b/g, (text, start: string) => {
        const place = places.get(start)
        return place === undefined ? text : `entry ${place.index}`
      })
      .replace(/:\d+:entry /g, ':entry ')
      .replace(/("of":\{"hash":"entry \d+","seq":)\d+/, '$1 0')
      .replace(/Journal entry \d+/g, 'Journal entry')
      .replace(/("\d\/\d (?:[^"\\]|\\.)*(?: |\\n))[0-9a-f]{4}"/g, '$1mark"')
      // A question that was asked again for a kill is counted as such, by the report and its post.
      .replace(/"stability":\{[^}]*\}/g, '"stability":null')
      .replace(/(?:\\n)?Asked the same again on \d+ dates?, its choices agreed by [\d.]+ %\./g, '')
      // A field that held nothing else goes with it.
      .replace(/\{"inline":false,"name":"[^"]*","value":""\},?/g, '')
    return { at, kind, book, body: JSON.parse(named) }
  })
}
