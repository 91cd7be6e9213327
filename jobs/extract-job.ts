import { z } from 'zod'
import type { Context } from '../src/context.ts'
import { ConfigError } from '../src/errors.ts'
import { defineJob, type JobOutcome, type JobRun, stamp } from '../src/job.ts'
import type { ExtractionEntry } from '../src/journal/catalyst-entry.ts'
import type { Entry } from '../src/journal/entry.ts'
import { Instant } from '../src/units.ts'
import { openAssetLists } from './asset-lists.ts'
import { type Extractor, extractItem, extractorOf, pendingItems } from './extract.ts'
import { catalystsBook } from './ingest.ts'

/** Texts read at the same time by one run. */
const atOnce = 16
/** Entries of the journal whose texts one run of many reads: a block is the same whoever asks, so that it is read once. */
const blockSize = 32
/** Reasons for texts left open that a run's summary tells; `primer catalysts list` has each. */
const reasonsMost = 3

const Reading = z.strictObject({
  at: Instant,
  /** Which block, and which of its items; without one a run looks what there is to read. */
  block: z.strictObject({ extractor: z.string(), number: z.int().min(0), items: z.array(z.int()) }).optional(),
})

/**
 * Every quarter of an hour, after the sources were asked: what is new is read. A few texts are read at once; more are spread over
 * all workers in blocks. What was missed is simply still new.
 */
export const extractJob = defineJob<z.infer<typeof Reading>>({
  name: 'extract',
  summary: 'read new texts for signals',
  queue: 'reading',
  live: true,
  schedule: [{ pattern: '5-59/15 * * * *', zone: 'UTC' }],
  payload: Reading,
  payloads: (firedAt) => [{ at: firedAt }],
  identity: ({ at, block }) => (block === undefined ? stamp(at) : `${plain(block.extractor)}-${block.number}`),

  run: async (ctx, { at, block }) => {
    const extractor = extractorOf(ctx)!
    // Another model reads by now: the next turn of the schedule says what it has still to read.
    if (block !== undefined && block.extractor !== extractor.name)
      return { kind: 'nothing', because: `${block.extractor} reads no more` }
    const now = () => ctx.clock.now(at)
    if (block !== undefined) return read(ctx, extractor, block.items, now)
    const pending = await pendingItems(ctx, extractor)
    if (pending.length <= blockSize || extractor.kind === 'baseline') return read(ctx, extractor, pending, now)
    const spread = blocksOf(extractor, pending, at)
    return { kind: 'done', did: `${pending.length} texts to be read, in ${spread.length} runs`, spread }
  },

  byHand: async (ctx, options) => {
    const extractor = extractorOf(ctx, options)
    if (extractor === null) {
      throw new ConfigError(
        'there is no model: set OPENAI_API_KEY, or OPENAI_BASE_URL of a compatible server, or use --extractor baseline',
      )
    }
    const now = () => options.at ?? new Date().toISOString()
    const pending = (await pendingItems(ctx, extractor)).slice(0, options.limit)
    return { date: now().slice(0, 10), outcome: await read(ctx, extractor, pending, now), book: catalystsBook }
  },
})

/** Blocks by the items' place in the journal, each with an id of its own: one that waits already is not put twice. */
export function blocksOf(extractor: Extractor, pending: readonly number[], at: Instant): readonly JobRun[] {
  const blocks = Map.groupBy(pending, (seq) => Math.floor(seq / blockSize))
  return [...blocks].map(([number, items]) =>
    extractJob.runOf({ at, block: { extractor: extractor.name, number, items } }, at),
  )
}

/** The queue takes no colon, and a name of a model holds anything. */
function plain(name: string): string {
  return name.replace(/[^\w.-]/g, '-')
}

async function read(
  ctx: Context,
  extractor: Extractor,
  pending: readonly number[],
  now: () => Instant,
): Promise<JobOutcome> {
  if (pending.length === 0) return { kind: 'nothing', because: 'every text has been read' }
  const { left, ...total } = await readAll(ctx, extractor, pending, now)
  const rest =
    left === 0
      ? ''
      : `${left} ${left === 1 ? 'text waits' : 'texts wait'}: today's budget for the model does not cover another call`
  if (total.texts === 0) return { kind: 'nothing', because: rest === '' ? 'every text has been read' : rest }
  return { kind: 'done', did: `${summary(extractor, total)}${rest === '' ? '' : `; ${rest}`}` }
}

/** What a run came to, in sums alone: it may be over many thousand texts. */
type Total = {
  texts: number
  signals: number
  dropped: number
  /** Why there is no answer to a text or to a part of it, with how many such texts there are. */
  readonly open: Map<string, number>
  costUsd: number
  /** Texts that were asked about several times, how often each, and the sum of their agreement. */
  repeated: number
  answers: number
  agreed: number
}

function summary(extractor: Extractor, total: Total): string {
  const who = extractor.kind === 'baseline' ? 'by keywords (baseline, no model)' : `by ${extractor.reader.model.name}`
  const paid = extractor.kind === 'baseline' ? '' : `, USD ${total.costUsd.toFixed(4)}`
  const percent = Math.round((100 * total.agreed) / total.repeated)
  const agreed =
    total.repeated === 0 ? '' : `; of ${total.answers} answers to each text, two share ${percent} % of their events`
  const texts = `${total.texts} ${total.texts === 1 ? 'text' : 'texts'}`
  const open = [...total.open].slice(0, reasonsMost).map(([because, count]) => `, ${count} left open (${because})`)
  return `${texts} read ${who}: ${total.signals} signals, ${total.dropped} claims dropped${open.join('')}${paid}${agreed}`
}

function count(total: Total, { signals, dropped, because, costUsd, agreement }: ExtractionEntry): void {
  total.texts++
  if (because !== null) total.open.set(because, (total.open.get(because) ?? 0) + 1)
  total.signals += signals.length
  total.dropped += dropped.length
  total.costUsd += costUsd
  if (agreement === undefined) return
  total.repeated++
  total.answers = agreement.answers
  total.agreed += agreement.events
}

/** Several at once; the first failure ends the run after those under way, and what was read stays read. */
async function readAll(
  ctx: Context,
  extractor: Extractor,
  pending: readonly number[],
  now: () => Instant,
): Promise<Total & { readonly left: number }> {
  const lists = await openAssetLists(ctx)
  const items = ctx.journal.read({ seqs: pending })[Symbol.asyncIterator]()
  const total: Total = {
    texts: 0,
    signals: 0,
    dropped: 0,
    costUsd: 0,
    open: new Map(),
    repeated: 0,
    answers: 0,
    agreed: 0,
  }
  let left = pending.length
  let isOver = false
  const one = async () => {
    while (!isOver) {
      const { value: item, done } = await items.next()
      if (done === true) return
      try {
        const extracted = await extractItem(ctx, extractor, lists, item as Entry<'item'>, now)
        if (extracted.kind === 'no-budget') {
          isOver = true
          return
        }
        left--
        if (extracted.kind === 'read') count(total, extracted.body)
      } catch (error) {
        isOver = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: atOnce }, one))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  return { ...total, left }
}
