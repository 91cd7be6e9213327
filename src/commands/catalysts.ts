import { type Journal, openJournal } from '../adapters/database/journal.ts'
import { assetName } from '../catalysts/extraction.ts'
import { CatalystKind, catalystKinds } from '../catalysts/kinds.ts'
import { InputError } from '../errors.ts'
import type { ExtractionEntry, ItemEntry } from '../journal/catalyst-entry.ts'
import type { Entry } from '../journal/entry.ts'
import type { CommandIo, CommandResult } from './command.ts'

export type ListOptions = {
  readonly databaseUrl: string
  readonly source?: string
  readonly asset?: string
  /** Of a signal that was found. */
  readonly kind?: string
  /** Texts known from this date on. */
  readonly from?: string
  /** The latest so many; 20 unless asked. */
  readonly limit?: number
}

type Read = { readonly seq: number } & Pick<
  ExtractionEntry,
  'extractor' | 'model' | 'knownAt' | 'signals' | 'dropped' | 'because' | 'costUsd' | 'agreement'
>
type Listed = { readonly entry: Entry<'item'>; readonly readings: readonly Read[] }
type Content = { readonly title: string; readonly text: string }

/** `primer catalysts list`: texts with what was found in them, latest last. */
export async function listCatalysts(options: ListOptions, _io: CommandIo): Promise<CommandResult> {
  const { kind } = options
  if (kind !== undefined && !CatalystKind.safeParse(kind).success) {
    throw new InputError(`--kind ${shown(kind)} is no kind of catalyst; there are ${catalystKinds.join(', ')}`)
  }
  return withJournal(options.databaseUrl, async (journal) => {
    const matching = (await listed(journal)).filter((one) => matches(one, options))
    const limit = options.limit ?? 20
    const latest = limit === 0 ? [] : matching.slice(-limit)
    const texts = await textsOf(journal, latest)
    const more = matching.length - latest.length
    const lines = latest.map((one) => listLine(one, texts.get(one.entry.body.text.id)))
    if (matching.length === 0) lines.push('No text matches.')
    if (more > 0) lines.push(`The latest ${latest.length} of ${matching.length}; --limit N shows more.`)
    return {
      text: lines.join('\n'),
      json: {
        items: latest.map((one) => jsonOf(one, texts.get(one.entry.body.text.id) ?? null, false)),
        of: matching.length,
      },
    }
  })
}

/** `primer catalysts show SEQ|ID`: one text whole, with all that each extractor said of it. */
export async function showCatalyst(
  options: { readonly databaseUrl: string; readonly which: string },
  _io: CommandIo,
): Promise<CommandResult> {
  const { which } = options
  return withJournal(options.databaseUrl, async (journal) => {
    const all = await listed(journal)
    const bySeq = /^\d{1,12}$/.test(which) ? all.find(({ entry }) => entry.seq === Number(which)) : undefined
    // Of several versions the newest.
    const one = bySeq ?? all.findLast(({ entry }) => entry.body.id === which)
    if (one === undefined) {
      throw new InputError(
        `the journal has no text ${shown(which)}: name its entry or its id, as primer catalysts list shows them`,
      )
    }
    const content = (await textsOf(journal, [one])).get(one.entry.body.text.id)
    return { text: wholeText(one, content), json: jsonOf(one, content ?? null, true) }
  })
}

async function withJournal<T>(url: string, work: (journal: Journal) => Promise<T>): Promise<T> {
  const journal = await openJournal(url, { readOnly: true })
  try {
    return await work(journal)
  } finally {
    await journal.close()
  }
}

/** Every version of every text, with its readings: those of a copy stand with the copy that was read. */
async function listed(journal: Journal): Promise<readonly Listed[]> {
  const items: Entry<'item'>[] = []
  const readings = new Map<string, Read[]>()
  for await (const entry of journal.read({ book: 'catalysts', kinds: ['item', 'extraction'] })) {
    if (entry.kind === 'item') items.push(entry as Entry<'item'>)
    if (entry.kind !== 'extraction') continue
    const own = readings.get(entry.body.contentSha256) ?? []
    own.push({ seq: entry.seq, ...entry.body })
    readings.set(entry.body.contentSha256, own)
  }
  return items.map((entry) => ({ entry, readings: readings.get(entry.body.contentSha256) ?? [] }))
}

function matches({ entry, readings }: Listed, { source, asset, kind, from }: ListOptions): boolean {
  const signals = readings.flatMap((reading) => reading.signals)
  const about = [...entry.body.assets, ...signals.map((signal) => signal.asset)].map(assetName)
  return (
    (source === undefined || entry.body.source === source) &&
    (asset === undefined || about.includes(assetName(asset))) &&
    (kind === undefined || signals.some((signal) => signal.kind === kind)) &&
    (from === undefined || entry.body.knownAt >= from)
  )
}

async function textsOf(journal: Journal, list: readonly Listed[]): Promise<ReadonlyMap<string, Content>> {
  const texts = await journal.texts(list.map(({ entry }) => entry.body.text.id))
  return texts as ReadonlyMap<string, Content>
}

function listLine({ entry, readings }: Listed, content: Content | undefined): string {
  const { source, id, version, knownAt, flags } = entry.body
  const head = `${String(entry.seq).padStart(6)}  ${knownAt.slice(0, 16)}Z  ${shown(source)}  ${shown(id)}${version > 1 ? ` v${version}` : ''}${flagged(flags)}`
  const title = content === undefined ? '(erased)' : shown(content.title || content.text).slice(0, 100)
  return [head, `        ${title}`, ...readings.map((reading) => `        ${readingLine(reading)}`)].join('\n')
}

function readingLine({ extractor, model, signals, dropped, because, agreement }: Read): string {
  const who = extractor === 'baseline' ? 'keywords (baseline)' : shown(model ?? 'model')
  const found = signals.map(
    ({ asset, kind, direction, confidence }) =>
      `${shown(asset)} ${kind} ${signed(direction)} x ${confidence.toFixed(2)}`,
  )
  const rest = [
    ...(dropped.length > 0 ? [`${dropped.length} dropped`] : []),
    ...(because !== null ? [shown(because)] : []),
    ...(agreement !== undefined
      ? [`${agreement.answers} answers, ${(100 * agreement.events).toFixed(0)} % in common`]
      : []),
  ]
  return `${who}: ${found.length === 0 ? 'nothing' : found.join('; ')}${rest.length === 0 ? '' : ` (${rest.join('; ')})`}`
}

function wholeText({ entry, readings }: Listed, content: Content | undefined): string {
  const { source, id, version, publishedAt, knownAt, assets, kind, url, flags, contentSha256 } = entry.body
  const readingLines = readings.flatMap((reading) => [
    `entry ${reading.seq}, known ${reading.knownAt}, USD ${reading.costUsd.toFixed(4)}`,
    `  ${readingLine(reading)}`,
    ...reading.signals.map(
      (signal) => `  ${shown(signal.asset)} ${signal.kind}, ${signal.horizonDays} days: "${shown(signal.evidence)}"`,
    ),
    ...reading.dropped.map(({ asset, because }) => `  dropped ${shown(asset) || '(no asset)'}: ${shown(because)}`),
  ])
  return [
    `entry ${entry.seq}: ${shown(source)} ${shown(id)}, version ${version}${flagged(flags)}`,
    `claimed ${publishedAt ?? 'no date'}, known ${knownAt}`,
    `assets ${assets.map(shown).join(', ') || 'none'}; kind ${kind === null ? 'none' : shown(kind)}; ${url === null ? 'no address' : shown(url)}`,
    `content ${contentSha256}`,
    '',
    ...(content === undefined
      ? ['The text was erased.']
      : [shown(content.title), '', ...content.text.split('\n').map((line) => shown(line))]),
    '',
    ...(readingLines.length === 0 ? ['Nobody has read it yet: primer run extract.'] : readingLines),
  ].join('\n')
}

function flagged(flags: ItemEntry['flags']): string {
  return flags.length === 0 ? '' : `  [${flags.join(', ')}]`
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(2)}`
}

/** Text from outside as a terminal may show it: no control, no character that hides or turns others round. */
function shown(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .trim()
}

function jsonOf({ entry, readings }: Listed, content: Content | null, whole: boolean) {
  const { text: _, ...facts } = entry.body
  return {
    seq: entry.seq,
    ...facts,
    title: content?.title ?? null,
    ...(whole && { text: content?.text ?? null }),
    readings: readings.map(({ seq, extractor, model, knownAt, signals, dropped, because, costUsd, agreement }) => ({
      seq,
      extractor,
      model,
      knownAt,
      signals,
      dropped,
      because,
      costUsd,
      ...(agreement !== undefined && { agreement }),
    })),
  }
}
