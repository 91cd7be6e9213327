import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetListsOf } from '../../jobs/asset-lists.ts'
import { extractorOf } from '../../jobs/extract.ts'
import { type ReadText, readByBaseline, readByModel, type TextToRead } from '../../jobs/read-text.ts'
import { historyItems } from '../adapters/sources/history-file.ts'
import { openSpending } from '../adapters/spending.ts'
import { assetName, assetNames } from '../catalysts/extraction.ts'
import { type GoldenScore, GoldenSet, goldenScore, type Share } from '../catalysts/golden.ts'
import { type Config, readConfig } from '../config.ts'
import { ConfigError, InputError, ModelError } from '../errors.ts'
import { openModelOf } from '../open-context.ts'
import type { CommandIo, CommandResult } from './command.ts'

export type EvalOptions = {
  readonly task: 'extraction'
  /** In place of LLM_MODEL. */
  readonly model?: string
  readonly extractor?: 'baseline' | 'model'
  /** The file of the texts, in place of the shared one. */
  readonly items?: string
  /** How often a model is asked about each text. */
  readonly repeat?: number
}

const goldenFile = fileURLToPath(new URL('../../data/golden-catalysts.json', import.meta.url))
const atOnce = 8

/** `primer eval --task extraction`: what an extractor finds in texts that were labelled by hand. Nothing is recorded. */
export async function evaluate(options: EvalOptions, io: CommandIo): Promise<CommandResult> {
  const environment = options.model === undefined ? io.environment : { ...io.environment, LLM_MODEL: options.model }
  const config = readConfig(environment)
  const golden = GoldenSet.parse(JSON.parse(readFileSync(goldenFile, 'utf8')))
  const { texts, coins } = await goldenTexts(golden, options.items)
  const extractor = await openExtractor(config, options)
  const lists = assetListsOf(assetNames(coins), new Set(), [])
  const read = new Map<string, ReadText>()
  const waiting = golden.items[Symbol.iterator]()
  const one = async () => {
    for (const { id } of waiting) {
      const text = texts.get(id)!
      const found =
        extractor.kind === 'baseline' ? readByBaseline(lists, text) : await readByModel(extractor.reader, lists, text)
      if (found === null)
        throw new ModelError("today's budget for the model does not cover all texts; what was answered is kept", {
          retryable: true,
        })
      read.set(id, found)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  const score = goldenScore(golden, new Map([...read].map(([id, { signals }]) => [id, signals])), assetName)
  return resultOf(config, extractor, golden, read, score)
}

async function openExtractor(config: Config, { model: named, extractor: wanted, repeat }: EvalOptions) {
  const extractor = wanted ?? (named === undefined ? undefined : 'model')
  const spending = openSpending(config.home)
  const model = extractor === 'baseline' ? null : await openModelOf(config, spending)
  const found = extractorOf(
    { config, model, spending },
    { ...(extractor !== undefined && { extractor }), ...(repeat !== undefined && { repeat }) },
  )
  if (found !== null) return found
  throw new ConfigError(
    'there is no model: set OPENAI_API_KEY, or OPENAI_BASE_URL of a compatible server, or use --extractor baseline',
  )
}

/** The texts that are labelled, by their ids, and every coin that the file names. */
async function goldenTexts(
  golden: GoldenSet,
  given: string | undefined,
): Promise<{ readonly texts: ReadonlyMap<string, TextToRead>; readonly coins: readonly string[] }> {
  const path = given ?? fileURLToPath(new URL(`../../../shared/data/${golden.file}`, import.meta.url))
  if (!existsSync(path)) {
    throw new InputError(
      `the labelled texts are not part of this repository, and there is no ${given ?? `../shared/data/${golden.file}`}; name the file with --items`,
    )
  }
  const all = await historyItems({ name: 'golden', path, assets: [] })
  const texts = new Map(
    all.map(
      ({ id, publishedAt, ...rest }) =>
        [id!, { ...rest, publishedAt, knownAt: publishedAt ?? '1990-01-01T00:00:00.000Z' }] as const,
    ),
  )
  const missing = golden.items.filter(({ id }) => !texts.has(id))
  if (missing.length > 0) {
    throw new InputError(
      `${path} lacks ${missing.length} of the ${golden.items.length} labelled texts, such as ${missing[0]!.id}; it is another file`,
    )
  }
  return { texts, coins: [...new Set(all.flatMap(({ assets }) => assets))] }
}

function resultOf(
  config: Config,
  extractor: NonNullable<ReturnType<typeof extractorOf>>,
  golden: GoldenSet,
  read: ReadonlyMap<string, ReadText>,
  score: GoldenScore,
): CommandResult {
  const answers = [...read.values()]
  const sum = (of: (text: ReadText) => number) => answers.reduce((total, text) => total + of(text), 0)
  const unanswered = answers.filter(({ because }) => because !== null).length
  const agreements = answers.flatMap(({ agreement }) => agreement ?? [])
  const agreement =
    agreements.length === 0
      ? null
      : {
          answers: agreements[0]!.answers,
          events: agreements.reduce((total, { events }) => total + events, 0) / agreements.length,
        }
  const labels = golden.items.flatMap((item) => item.labels)
  const directional = labels.filter(({ sign }) => sign !== 0).length
  const notes = [
    ...(extractor.kind === 'baseline'
      ? ['By keywords (the baseline control), not by a model.']
      : [
          'A model may have seen these texts, and what became of them: the figures are no forecast of how it reads news.',
        ]),
    `${directional} of ${labels.length} labels have a direction: one text more or less moves a share of them by ${(100 / directional).toFixed(0)} points.`,
    ...(unanswered > 0 ? [`${unanswered} texts were not answered whole.`] : []),
  ]
  const who = extractor.kind === 'baseline' ? extractor.name : config.model!.name
  const json = {
    task: 'extraction',
    extractor: extractor.kind,
    name: who,
    promptSha256: extractor.kind === 'model' ? extractor.promptSha256 : null,
    texts: golden.items.length,
    labels: labels.length,
    directional,
    ...score,
    agreement,
    dropped: sum(({ dropped }) => dropped.length),
    costUsd: sum(({ costUsd }) => costUsd),
    notes,
  }
  return {
    text: [`${golden.items.length} texts labelled by hand, read by ${who}`, '', ...table(score), '', ...notes].join(
      '\n',
    ),
    json,
  }
}

function table({ kinds, assets, signs, restraint }: GoldenScore): readonly string[] {
  const row = (name: string, precision: Share, recall: Share) =>
    `${name.padEnd(16)}${shown(precision).padStart(14)}${shown(recall).padStart(14)}`
  return [
    `${''.padEnd(16)}${'precision'.padStart(14)}${'recall'.padStart(14)}`,
    ...Object.entries(kinds).map(([kind, { precision, recall }]) => row(kind, precision, recall)),
    row('asset alone', assets.precision, assets.recall),
    '',
    `sign right, where an event was found: ${shown(signs)}`,
    `no direction given where there is none: ${shown(restraint)}`,
  ]
}

function shown({ right, of, share }: Share): string {
  return share === null ? '-' : `${right}/${of} ${(100 * share).toFixed(0)} %`
}
