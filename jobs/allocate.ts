import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Context, OpenBook } from '../src/context.ts'
import { answerJsonSchema, parseAnswer } from '../src/decision/answer.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { buildSnapshot } from '../src/decision/build-snapshot.ts'
import { type Run, settleControl, settleDay, startRun, viewAt } from '../src/decision/day.ts'
import type { Action } from '../src/decision/decision.ts'
import { wishesOf } from '../src/decision/policies/model.ts'
import { parsePolicy } from '../src/decision/policies/parse.ts'
import type { Settled, View } from '../src/decision/policy.ts'
import { promptSha256, renderPrompt } from '../src/decision/prompt.ts'
import type { Snapshot } from '../src/decision/snapshot.ts'
import type { DecisionEntry } from '../src/journal/entry.ts'
import { firstFillable, openAt } from '../src/market/calendar.ts'
import type { Lapsed, Order } from '../src/portfolio/holdings.ts'
import { renderDecisionPost } from '../src/posts/decision-post.ts'
import type { Instant } from '../src/units.ts'
import { cashDragOf, holdsOf } from './decision-facts.ts'
import { firstOpenOf } from './decision-open.ts'
import { extractorOf } from './extract.ts'
import { pausedDecision } from './paused.ts'
import { marketTextFactors, storedSignals } from './signals.ts'
import { appendStep, due, dueOf } from './steps.ts'
import { recordLiveTrial, signalsTrial } from './trials.ts'

/** What whoever decides came to, before the guardrails. */
type Decided = {
  readonly settled: Settled
  readonly summary: string
  readonly actions: readonly Action[]
  readonly prompt: DecisionEntry['prompt']
}

/**
 * One decision at a session's close: the snapshot is sealed, whoever decides decides, the guardrails have the last word,
 * and the post is rendered. Safe to run twice.
 */
export async function decideSession(
  ctx: Context,
  market: BookMarket,
  open: OpenBook,
  session: number,
): Promise<OpenBook> {
  const book = open.opened.book
  const date = market.panel.sessions[session]!
  const key = `${book}/${date}/decision`
  let current = open
  if ((await ctx.journal.done(key)) === null) {
    const run = await runOf(ctx, market, current, current.state.opened.policy)
    const view = viewAt(market, run, session, firstIndex(market, current))
    const sealed = await sealSnapshot(ctx, current, view)
    // A catalyst book's model reads texts; what is decided on them, an optimizer says.
    const decided =
      (await pausedDecision(ctx, book)) ??
      (ctx.model === null || market.rules.kind === 'catalyst'
        ? await askControl(ctx, view, run)
        : await askModel(ctx, current, view, sealed.snapshot))
    current = (await ctx.state(book))!
    await record(ctx, current, view, run, decided, sealed.sha256, key)
  }
  await postDecision(ctx, market, current, date)
  return (await ctx.state(book))!
}

/** A session that passed without the program running: said as plainly as any other missed day; benchmarks go on. */
export async function missSession(
  ctx: Context,
  market: BookMarket,
  open: OpenBook,
  session: number,
  because: string,
): Promise<OpenBook> {
  const book = open.opened.book
  const date = market.panel.sessions[session]!
  const key = `${book}/${date}/decision`
  if ((await ctx.journal.done(key)) !== null) return open
  // A stop of that day cannot be decided after the open at which it would have sold: the next decision looks at it.
  const run: Run = { ...(await runOf(ctx, market, open, open.state.opened.policy)), guarded: false }
  const view = viewAt(market, run, session, firstIndex(market, open))
  const decided: Decided = { settled: { kind: 'no-decision', because }, summary: '', actions: [], prompt: null }
  await record(ctx, open, view, run, decided, null, key)
  await postDecision(ctx, market, open, date)
  return (await ctx.state(book))!
}

function firstIndex(market: BookMarket, open: OpenBook): number {
  return market.panel.indexOf.get(open.state.opened.firstSession) ?? -1
}

async function runOf(ctx: Context, market: BookMarket, open: OpenBook, policy: string): Promise<Run> {
  const control = parsePolicy(policy === 'model' ? 'do-nothing' : policy, market, {
    asBenchmark: true,
    ...(policy === 'signals' && { signals: await storedSignals(ctx) }),
  })
  if (policy === 'signals' && market.rules.kind === 'catalyst') {
    const extractor = extractorOf(ctx)
    const who = extractor?.kind === 'model' ? { extractor: ctx.model!.name, sha256: extractor.promptSha256 } : null
    const trial = who === null ? null : signalsTrial(who, market.rules)
    await recordLiveTrial(ctx, market.book.name, open.state.opened.firstSession, trial)
  }
  return { ...startRun(market, control, { guarded: true }), holdings: open.state.holdings, week: open.state.week }
}

async function sealSnapshot(ctx: Context, open: OpenBook, view: View): Promise<{ snapshot: Snapshot; sha256: string }> {
  const { opened, state } = open
  const book = opened.book
  const date = view.market.panel.sessions[view.session]!
  const last = await ctx.journal.last(book, 'snapshot')
  if (last !== null && last.body.date === date)
    return { snapshot: last.body.snapshot as Snapshot, sha256: last.body.sha256 }
  const standing = state.lastClose!.body.standing
  const at = ctx.clock.now(dueOf(view.market.rules).snapshot(date))
  const snapshot = buildSnapshot(view, {
    sealedAt: at,
    day: standing.day,
    marketLabel: opened.body.market.label,
    netReturn: standing.netReturn,
    drawdown: standing.drawdown,
    benchmarks: standing.benchmarks.map(({ policy, shortName, netReturn, priceOnly }) => ({
      policy,
      shortName,
      netReturn,
      priceOnly,
    })),
    recentDecisions: state.decisions.slice(-5).map(({ body }) => body),
    textFactors: [...(view.market.rules.kind === 'allocator' ? await marketTextFactors(ctx, at) : [])],
  })
  const sha256 = createHash('sha256').update(canonicalize(snapshot)!).digest('hex')
  const body = { date, sha256, snapshot }
  await appendStep(ctx, [{ at, kind: 'snapshot', book, key: `${book}/${date}/snapshot`, body }], {
    book,
    seq: state.seq,
  })
  return { snapshot, sha256 }
}

async function askControl(ctx: Context, view: View, run: Run): Promise<Decided> {
  const request = run.policy.prepare(view)
  const settled = await settleControl(request, ctx.solve)
  const wishes = settled.kind === 'wishes' ? settled.wishes : []
  return {
    settled,
    summary: settled.kind === 'wishes' ? settled.summary : '',
    actions: wishes.map((wish) => ({
      symbol: wish.symbol,
      side: wish.side,
      pct: wish.pct ?? pctOf(view, wish),
      reason: wish.reason,
    })),
    prompt: null,
  }
}

function pctOf(
  view: View,
  wish: { side: 'buy' | 'sell'; symbol: string; amountCents?: number; quantity?: number },
): number {
  if (wish.side === 'buy') return Math.min(100, (100 * wish.amountCents!) / view.freeCashCents)
  const held = view.holdings.positions.find((position) => position.symbol === wish.symbol)!.quantity
  return Math.min(100, (100 * wish.quantity!) / held)
}

async function askModel(ctx: Context, open: OpenBook, view: View, snapshot: Snapshot): Promise<Decided> {
  const book = open.opened.book
  const date = snapshot.date
  await recordLiveTrial(ctx, book, date)
  const { messages } = renderPrompt(ctx.promptTemplate, snapshot)
  // Attempts for this date, and on a live clock all of today's: neither can be older than the date.
  const attempts = ctx.journal.read({ book, kinds: ['attempt'], fromAt: `${date}T00:00:00.000Z` })
  const todayUtc = new Date().toISOString().slice(0, 10)
  let recordedUsd = 0
  let attemptsBefore = 0
  for await (const entry of attempts) {
    if (entry.kind !== 'attempt') continue
    if (entry.body.sentAt.slice(0, 10) === todayUtc) recordedUsd += entry.body.costUsd
    if (entry.body.date === date) attemptsBefore++
  }
  const reply = await ctx.model!.ask({
    messages,
    schemaName: 'decision',
    jsonSchema: answerJsonSchema,
    parse: parseAnswer,
    date,
    // The ledger knows of demos and backtests, the journal of other machines that share it.
    spentTodayUsd: Math.max(recordedUsd, ctx.spending.on(todayUtc)),
    attemptsBefore,
    record: async (body) => {
      await ctx.journal.append([{ at: ctx.clock.now(due.decision(date)), kind: 'attempt', book, body }])
      ctx.spending.add(body.sentAt.slice(0, 10), body.costUsd)
    },
  })
  const prompt = {
    file: 'prompts/allocator.md',
    sha256: promptSha256(ctx.promptTemplate),
    messages: messages.map((message) => ({ ...message })),
  }
  if (reply.kind === 'none')
    return { settled: { kind: 'no-decision', because: reply.because }, summary: '', actions: [], prompt }
  const { actions, summary } = reply.answer
  return { settled: { kind: 'wishes', wishes: wishesOf(actions, view), summary }, summary, actions, prompt }
}

async function record(
  ctx: Context,
  open: OpenBook,
  view: View,
  run: Run,
  decided: Decided,
  snapshotSha256: string | null,
  key: string,
): Promise<void> {
  const { state } = open
  const book = open.opened.book
  const date = view.market.panel.sessions[view.session]!
  const { settled } = decided
  const { guarded } = settleDay(run, view, settled)
  const at = ctx.clock.now(dueOf(view.market.rules).decision(date))
  const missed = alreadyOpened(view, guarded.orders, at)
  const body: DecisionEntry = {
    date,
    policy: state.opened.policy,
    outcome: settled.kind === 'wishes' ? 'decision' : settled.kind,
    because: settled.kind === 'wishes' ? null : settled.because,
    summary: decided.summary,
    actions: [...decided.actions],
    clamps: [...guarded.clamps],
    orders: [...guarded.orders],
    cancelled: [...guarded.cancelled],
    missed,
    stops: guarded.stops.map(({ symbol, close, averageCost, change }) => ({ symbol, close, averageCost, change })),
    holds: holdsOf(view, guarded),
    regime: view.regime(),
    cashDrag: cashDragOf(view),
    snapshotSha256,
    prompt: decided.prompt,
    standing: state.lastClose!.body.standing,
    benchmarkOrders: await benchmarkOrders(ctx, open, view),
  }
  await appendStep(ctx, [{ at, kind: 'decision', book, key, body }], { book, seq: state.seq })
}

/** Orders whose exchange has opened by the time the decision is recorded: filling them would be back-dating. */
function alreadyOpened(view: View, orders: readonly Order[], at: Instant): Lapsed[] {
  const date = view.market.panel.sessions[view.session]!
  return orders.flatMap((order) => {
    const { exchange } = view.market.panel.bySymbol.get(order.symbol)!
    const opensAt = openAt(exchange, firstFillable(exchange, date))
    if (opensAt > at) return []
    return [
      {
        orderId: order.id,
        symbol: order.symbol,
        side: order.side,
        kind: 'missed' as const,
        because: `decided at ${at}, after the open at ${opensAt}`,
      },
    ]
  })
}

/** Each benchmark decides at the same close on the same prices, as the control of its name. */
async function benchmarkOrders(ctx: Context, open: OpenBook, view: View): Promise<Record<string, Order[]>> {
  const { market, session } = view
  const orders: Record<string, Order[]> = {}
  for (const { policy } of open.state.opened.benchmarks) {
    const control = parsePolicy(policy, market, { asBenchmark: true })
    const trades = open.state.benchmarkWeeks[policy]
    const run: Run = {
      ...startRun(market, control, { isBenchmark: true }),
      holdings: open.state.benchmarks[policy]!,
      ...(trades !== undefined && { week: trades }),
    }
    const own = viewAt(market, run, session, view.firstSession)
    const request = control.prepare(own)
    const settled = await settleControl(request, ctx.solve)
    const { guarded } = settleDay(run, own, settled)
    if (guarded.orders.length > 0) orders[policy] = [...guarded.orders]
  }
  return orders
}

/** The post about a decision, once. */
export async function postDecision(ctx: Context, market: BookMarket, open: OpenBook, date: string): Promise<void> {
  const book = open.opened.book
  const key = `${book}/${date}/post-decision`
  if ((await ctx.journal.done(key)) !== null) return
  const decision = await ctx.journal.last(book, 'decision')
  const close = await ctx.journal.last(book, 'close')
  if (decision === null || decision.body.date !== date || close === null) return
  const before = firstOpenOf(market, decision.body)
  const post = { ...renderDecisionPost({ opened: open.opened, decision, close }), ...(before !== null && { before }) }
  await ctx.journal.append([{ at: ctx.clock.now(dueOf(market.rules).post(date)), kind: 'post', book, key, body: post }])
}
