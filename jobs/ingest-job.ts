import { z } from 'zod'
import type { AccountPosts } from '../src/adapters/sources/read.ts'
import type { Source } from '../src/catalysts/source.ts'
import type { Context } from '../src/context.ts'
import { InputError, WorldError } from '../src/errors.ts'
import { defineJob, type JobOutcome } from '../src/job.ts'
import { readSources } from '../src/source-lists.ts'
import { Instant } from '../src/units.ts'
import { catalystsBook, ingest, type Look } from './ingest.ts'

/**
 * Every quarter of an hour: the sources whose own time has come are asked. A look that was missed is not made up for: the next
 * one finds what is new since the last.
 */
export const ingestJob = defineJob({
  name: 'ingest',
  summary: 'new texts from the sources',
  queue: 'catalysts',
  live: true,
  schedule: [{ pattern: '*/15 * * * *', zone: 'UTC' }],
  payload: z.strictObject({ at: Instant }),
  payloads: (firedAt) => (readSources().length === 0 ? [] : [{ at: firedAt }]),

  run: async (ctx, { at }) => {
    // Where the past is played back, today's news would be the future: only files of history speak there.
    const sources = readSources().filter(({ type }) => ctx.clock.kind === 'system' || type === 'jsonl')
    const looks = await askSources(ctx, sources, () => ctx.clock.now(at), { force: false })
    for (const look of looks) if (look.because !== null) ctx.say(failureOf(look))
    return outcomeOf(looks)
  },

  byHand: async (ctx, options) => {
    const now = () => options.at ?? new Date().toISOString()
    const sources = options.items === undefined ? readSources() : [historySource(options.items)]
    if (sources.length === 0) {
      throw new InputError(
        'no source is configured: add some to books/catalyst.json, or name a file of history with --items',
      )
    }
    const looks = await askSources(ctx, sources, now, { force: true })
    const failed = looks.filter(({ because }) => because !== null)
    const faults = failed.map((look) => (options.items === undefined ? failureOf(look) : look.because!))
    if (failed.length === looks.length) {
      throw failed.some(({ retryable }) => retryable)
        ? new WorldError(faults.join('\n'), { retryable: true })
        : new InputError(faults)
    }
    for (const fault of faults) ctx.say(fault)
    return { date: now().slice(0, 10), outcome: outcomeOf(looks, options.items !== undefined), book: catalystsBook }
  },
})

async function askSources(
  ctx: Context,
  sources: readonly Source[],
  now: () => Instant,
  options: { readonly force: boolean },
): Promise<readonly Look[]> {
  const { openWeb } = await import('../src/adapters/sources/web.ts')
  const web = openWeb()
  try {
    return await ingest(ctx, sources, now, { web, accountPosts: await accountsOf(ctx, sources), ...options })
  } finally {
    await web.close()
  }
}

/** Accounts on X are read only where a source names some and the keys are there. */
async function accountsOf(ctx: Context, sources: readonly Source[]): Promise<AccountPosts | null> {
  if (!sources.some(({ type }) => type === 'x')) return null
  const { xSettingsOf } = await import('../src/adapters/x/client.ts')
  const settings = xSettingsOf(ctx.config)
  if (settings === null) return null
  const { openXLedger } = await import('../src/adapters/x/ledger.ts')
  return (await import('../src/adapters/x/accounts.ts')).readAccounts(
    settings,
    openXLedger(ctx.config.home),
    ctx.config.x.dailyReadUsd,
  )
}

/** A file given by hand: its name in the journal is the file's, so that the same file is the same source. */
function historySource(path: string): Source {
  const file = path.split(/[\\/]/).at(-1) ?? path
  const name = `file-${
    file
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'items'
  }`.slice(0, 60)
  return { type: 'jsonl', name, path, assets: [], pollMinutes: 10_080 }
}

/** Why a source could not be read, with its name. */
function failureOf({ source, because }: Look): string {
  return because!.startsWith(`${source}: `) ? because! : `${source}: ${because}`
}

/** @param counted says how many texts were left out since they were known, or copies of others */
function outcomeOf(looks: readonly Look[], counted = false): JobOutcome {
  const asked = looks.filter(({ because }) => because === null)
  const fresh = asked.reduce((sum, look) => sum + look.new, 0)
  if (looks.length === 0) return { kind: 'nothing', because: 'no source is due' }
  const failed = looks.length - asked.length
  const left = counted ? asked.reduce((sum, look) => sum + look.found, 0) - fresh : 0
  const rest = [
    ...(failed === 0 ? [] : [`${failed} could not be read`]),
    ...(left === 0 ? [] : [`${left} known before, or copies of another`]),
  ]
  return {
    kind: 'done',
    did: `${fresh} new ${fresh === 1 ? 'text' : 'texts'} from ${asked.length} ${asked.length === 1 ? 'source' : 'sources'}${rest.map((part) => `; ${part}`).join('')}`,
  }
}
