import type { DecisionEntry, RenderedPost } from '../journal/entry.ts'
import type { OpenedEntry } from './labels.ts'
import { ordinaryText } from './safe-text.ts'

export type Omitted = NonNullable<RenderedPost['omitted']>

/** A model's words with every sentence left out whose figures nobody can find in the entry. */
export type CheckedWords = {
  readonly summary: string
  /** Reason of each action, in the order of `actions`. */
  readonly reasons: readonly string[]
  readonly omitted: Omitted
}

/**
 * Checks each figure in what a model wrote against the decision's entry: what the model was shown, as the entry holds it word
 * for word, and what it decided. Where a sentence names assets, or is the reason for one, a figure must stand in a line about
 * one of those or about no asset at all: another asset's RSI is no excuse for a wrong one.
 *
 * A figure fits when it is such a number as rounded in the sentence, with or without its sign ("fell 2.1 %"), or a fraction
 * shown as a percentage. What is written in letters ("a third", "RSI14") is no figure here. Words of controls come from code.
 */
export function checkedWords(opened: OpenedEntry, body: DecisionEntry): CheckedWords {
  if (body.prompt === null) {
    return { summary: body.summary, reasons: body.actions.map(({ reason }) => reason), omitted: [] }
  }
  const names = namesOf(opened)
  let lines: readonly Line[] | null = null
  const omitted: Omitted = []
  const check = (text: string, where: string, about: readonly string[]) => {
    const kept: string[] = []
    for (const { segment } of sentences.segment(ordinaryText(text))) {
      const scope = new Set([...about, ...assetsIn(segment, names)])
      const figures = figuresIn(segment)
      if (figures.length > 0) lines ??= linesOf(body, names)
      const strange = figures.filter((figure) => !stands(figure, lines ?? [], scope))
      if (strange.length === 0) kept.push(segment)
      else omitted.push({ where, sentence: segment.trim(), figures: strange.map(({ shown }) => shown) })
    }
    return kept.join('').trim()
  }
  return {
    summary: check(body.summary, 'summary', []),
    reasons: body.actions.map(({ symbol, side, reason }) => check(reason, `reason to ${side} ${symbol}`, [symbol])),
    omitted,
  }
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

type Figure = {
  readonly shown: string
  readonly value: number
  /** Half of its last decimal. */
  readonly half: number
  readonly isPercent: boolean
  /** Said as a limit: such a figure may come from the instructions as well, which name what counts as too much. */
  readonly isLimit: boolean
}
type Line = { readonly assets: ReadonlySet<string>; readonly numbers: readonly number[]; readonly isRule: boolean }
type Names = readonly { readonly symbol: string; readonly words: readonly string[]; readonly pattern: RegExp }[]

/** Digits of any script count: those that are not plain stand nowhere. A number that follows a letter is part of a name. */
const figure =
  /(?<![\p{L}\p{Nd}_.,])(\p{Nd}+(?:[,'’]\p{Nd}{3})*(?:[.,]\p{Nd}+)?|\.\p{Nd}+)\s?(%|percent|per cent|bps|bp|k|m|mn|bn|million|billion|thousand)?(?![\p{Nd}])/giu

const scales: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  m: 1e6,
  mn: 1e6,
  million: 1e6,
  bn: 1e9,
  billion: 1e9,
}

function figuresIn(text: string): readonly Figure[] {
  return [...text.matchAll(figure)].map((match) => {
    const [shown, digits = '', unit = ''] = match
    const plain = digits.replace(/[,'’](?=\d{3}(?!\d))/g, '').replace(',', '.')
    const decimals = plain.split('.')[1]?.length ?? 0
    const scale = scales[unit.toLowerCase()] ?? 1
    const value = Number(plain) * scale
    return {
      shown: shown.trim(),
      value,
      half: 0.5 * 10 ** -decimals * scale,
      isPercent: /^(%|per)/i.test(unit),
      isLimit: /\b(above|below|over|under|past|than|least|most|limit|cap|floor|bound|of)\s$/i.test(
        text.slice(0, match.index),
      ),
    }
  })
}

function stands(
  { value, half, isPercent, isLimit }: Figure,
  lines: readonly Line[],
  scope: ReadonlySet<string>,
): boolean {
  const near = (number: number) => Math.abs(Math.abs(number) - value) <= half * (1 + 1e-9)
  for (const { assets, numbers, isRule } of lines) {
    if (isRule && !isLimit) continue
    if (scope.size > 0 && assets.size > 0 && assets.isDisjointFrom(scope)) continue
    for (const number of numbers) {
      if (near(number) || (isPercent && Math.abs(number) <= 1 && near(number * 100))) return true
    }
  }
  return false
}

/** What the model was shown, line by line, and what became of its answer. */
function linesOf(body: DecisionEntry, names: Names): readonly Line[] {
  const lines: Line[] = (body.prompt?.messages ?? []).flatMap(({ role, content }) =>
    content.split('\n').map((text) => ({
      // A table's row is about its first column, also when the book calls nothing so any more.
      assets: assetsIn(text, names).union(new Set(/^(?!symbol)\S+(?= \| )/.exec(text))),
      numbers: (text.match(/\d+(?:\.\d+)?/g) ?? []).map(Number),
      isRule: role === 'system',
    })),
  )
  const about = (symbol: string, numbers: readonly number[]) => {
    lines.push({ assets: new Set([symbol]), numbers, isRule: false })
  }
  for (const { symbol, pct } of body.actions) about(symbol, [pct])
  for (const { symbol, amountCents, quantity } of body.orders) {
    about(symbol, [
      ...(amountCents === undefined ? [] : [amountCents / 100]),
      ...(quantity === undefined ? [] : [quantity]),
    ])
  }
  for (const { symbol, close, averageCost, change } of body.stops) about(symbol, [close, averageCost, change * 100])
  return lines.filter(({ numbers }) => numbers.length > 0)
}

/** How a text may call each instrument: by symbol, short name or name. */
function namesOf(opened: OpenedEntry): Names {
  return opened.body.instruments.map(({ symbol, shortName, name }) => {
    const words = [symbol, shortName, name]
    const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'u')
    return { symbol, words, pattern }
  })
}

function assetsIn(text: string, names: Names): ReadonlySet<string> {
  // Most lines name nobody, which plain search tells much faster than a pattern.
  const isIn = ({ words, pattern }: Names[number]) => words.some((word) => text.includes(word)) && pattern.test(text)
  return new Set(names.filter(isIn).map(({ symbol }) => symbol))
}
