import { strict as assert } from 'node:assert'
import type { BookMarket } from '../decision/book-market.ts'
import { buildSnapshot } from '../decision/build-snapshot.ts'
import { openDayOnto, type Run, type Solver, settleDay, startRun, viewAt } from '../decision/day.ts'
import type { Action, Clamp } from '../decision/decision.ts'
import type { Policy, Reply, Settled, View } from '../decision/policy.ts'
import type { Snapshot } from '../decision/snapshot.ts'
import { instantAt } from '../market/calendar.ts'
import { FillLedger } from '../portfolio/fill-ledger.ts'
import type { DividendCredit, Fill, FillCosts, Holdings, Lapsed, Order } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import { type Opponent, openMemory } from './memory.ts'

/** One policy over a range of sessions, net of all costs. */
export type Simulation = {
  readonly policy: string
  /** Panel index of the first session; `equity[0]` is its close, before anything was bought. */
  readonly firstSession: number
  readonly equity: Float64Array
  readonly ledger: FillLedger
  /** The ledger as objects, made when first read. */
  readonly fills: readonly Fill[]
  readonly dividends: readonly DividendCredit[]
  readonly lapsed: readonly Lapsed[]
  readonly clamps: readonly Clamp[]
  /** Every order decided, filled or not; empty unless they were to be kept. */
  readonly orders: readonly Order[]
  readonly costs: FillCosts
  /** Sum over sessions of half the absolute traded value over the equity of the close before. */
  readonly turnover: number
  readonly holdings: Holdings
  /** Days without a decision of a policy that is asked, and why. */
  readonly missed: readonly { readonly date: IsoDate; readonly because: string }[]
}

/** How a policy that asks is answered, and what its snapshots tell beside prices. */
export type Asking = {
  readonly reply: (snapshot: Snapshot) => Promise<Reply>
  readonly marketLabel: string
  readonly opponents: readonly Opponent[]
}

/**
 * The day, folded over the past: the same functions as live, only the clock and the price source differ.
 * The first decision falls at the close of the first session, the first fill at the next open.
 *
 * @param first panel index of the first session
 * @param last panel index of the last session, at whose close nothing is decided any more that could fill
 */
export async function simulate(input: {
  readonly market: BookMarket
  readonly policy: Policy
  readonly guarded?: boolean
  readonly isBenchmark?: boolean
  readonly first: number
  readonly last: number
  readonly solve: Solver
  /** Called at each close with what the policy sees, before it decides. */
  readonly onClose?: (view: View) => void
  readonly keepOrders?: boolean
  /** Puts the snapshot to the model; needed for a policy that asks. */
  readonly ask?: Asking
}): Promise<Simulation> {
  const { market, first, last, solve } = input
  let run: Run = startRun(market, input.policy, input)
  const equity = new Float64Array(last - first + 1)
  const ledger = new FillLedger(market.panel, 4096)
  const dividends: DividendCredit[] = []
  const lapsed: Lapsed[] = []
  const clamps: Clamp[] = []
  const orders: Order[] = []
  const missed: { date: IsoDate; because: string }[] = []
  const memory = input.policy.remembers === true ? openMemory(market, first, input.ask?.opponents ?? []) : null
  let turnover = 0
  for (let session = first; session <= last; session++) {
    if (session > first) {
      const before = ledger.size
      const opened = openDayOnto(ledger, market, run, session)
      run = opened.run
      for (const credit of opened.events.dividends) dividends.push(credit)
      for (const order of opened.events.lapsed) lapsed.push(order)
      turnover += ledger.tradedSince(before) / 2 / equity[session - first - 1]!
    }
    const bare = viewAt(market, run, session, first)
    equity[session - first] = bare.equity
    const view = memory === null ? bare : { ...bare, memory: memory.at(bare) }
    input.onClose?.(view)
    const request = run.policy.prepare(view)
    // Awaiting costs a turn of the event loop, which a fold over 10,000 sessions would feel: only what must be awaited is.
    let settled: Settled
    let actions: readonly Action[] = []
    if (request.kind === 'solve') settled = request.settle(await solve(request.problem))
    else if (request.kind === 'ask') {
      const reply = await answerOf(input.ask, view)
      if (reply.kind === 'answer') actions = reply.actions
      settled = request.settle(reply)
    } else settled = request
    if (settled.kind === 'no-decision') missed.push({ date: market.panel.sessions[session]!, because: settled.because })
    const decided = settleDay(run, view, settled)
    run = decided.run
    memory?.keep(view, settled, actions, decided.guarded.clamps)
    for (const clamp of decided.guarded.clamps) clamps.push(clamp)
    if (input.keepOrders === true) for (const order of decided.guarded.orders) orders.push(order)
  }
  let fills: readonly Fill[] | null = null
  return {
    policy: input.policy.name,
    firstSession: first,
    equity,
    ledger,
    get fills() {
      fills ??= ledger.toArray()
      return fills
    },
    dividends,
    lapsed,
    clamps,
    orders,
    costs: ledger.costs(),
    turnover,
    holdings: run.holdings,
    missed,
  }
}

async function answerOf(asking: Asking | undefined, view: View): Promise<Reply> {
  assert(asking !== undefined && view.memory !== undefined, 'a policy that asks needs somebody to ask')
  const date = view.market.panel.sessions[view.session]!
  return asking.reply(
    buildSnapshot(view, {
      ...view.memory,
      sealedAt: instantAt(date, '16:20', 'America/New_York'),
      marketLabel: asking.marketLabel,
    }),
  )
}
