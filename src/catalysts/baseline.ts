import { acceptSignals, assetName } from './extraction.ts'
import type { CatalystKind } from './kinds.ts'
import type { Signal } from './signal.ts'

/** Raised whenever a rule below changes, so that texts are read anew and what was read by which rules can be told apart. */
export const baselineName = 'baseline-1'
/** What read before readings named their rules. */
export const firstBaselineName = 'baseline-1'

/**
 * Keywords instead of a model: what any reading of these texts must beat. Each rule has one kind, one direction and one
 * confidence, written down before it was held against prices. The first rule that a sentence of the title matches wins, then the
 * first that the text matches; a text that matches none is `governance` without direction where its source says governance.
 */
type Rule = {
  readonly kind: CatalystKind
  readonly direction: number
  readonly pattern: RegExp
  readonly titleOnly?: true
}

const exchanges =
  '(?:binance|coinbase|kraken|okx|okex|huobi|kucoin|bybit|gate(?:\\.io)?|upbit|bithumb|ftx|bitfinex|mexc)'

const rules: readonly Rule[] = [
  { kind: 'manipulation', direction: 0, pattern: /\bpump(?:s|ed|ing)?\b.{0,40}\b(?:group|signal|telegram|target)\b/i },
  {
    kind: 'delisting',
    direction: -0.9,
    pattern: /\b(?:delist(?:s|ed|ing)?|will cease trading|trading (?:will be )?suspended)\b/i,
  },
  {
    kind: 'security',
    direction: -0.8,
    pattern:
      /\b(?:(?:was|were|been|got) (?:hacked|exploited|drained)|stolen funds|private keys? (?:leaked|compromised))\b/i,
  },
  {
    kind: 'listing',
    direction: 0.7,
    pattern: new RegExp(`\\b${exchanges}\\b.{0,20}\\b(?:will list|lists|listed|launchpool|launchpad|adds?)\\b`, 'i'),
  },
  {
    kind: 'regulatory',
    direction: -0.7,
    pattern: /\b(?:SEC|CFTC|DOJ|FCA)\b.{0,60}\b(?:charges|sues|subpoena|complaint|investigat\w*)\b/,
  },
  {
    kind: 'regulatory',
    direction: -0.6,
    pattern: /\b(?:sanction(?:s|ed)|money laundering|court order)\b/i,
    titleOnly: true,
  },
  {
    kind: 'tokenomics',
    direction: 0.5,
    pattern:
      /\b(?:buy-?backs?|token burns?|burn(?:s|ing)? (?:of )?\w* ?tokens?|reduc\w* (?:the )?(?:token )?(?:inflation|emissions?)|fee switch|surplus buffer.{0,30}burn)\b/i,
  },
  {
    kind: 'tokenomics',
    direction: -0.5,
    pattern:
      /\b(?:mint(?:ing)? (?:new|additional) tokens|token unlock|increas\w* (?:the )?(?:token )?(?:inflation|emissions?|supply)|inflation (?:schedule|distribution))\b/i,
  },
  {
    kind: 'tokenomics',
    direction: 0.2,
    pattern: /\b(?:staking rewards?|liquidity (?:mining|incentives)|tokenomics|vesting)\b/i,
    titleOnly: true,
  },
  {
    kind: 'partnership',
    direction: 0.4,
    pattern: /\b(?:partnership|partners with|strategic (?:alliance|investment)|collaboration with)\b/i,
    titleOnly: true,
  },
  { kind: 'macro', direction: 0, pattern: /\b(?:federal funds rate|FOMC|monetary policy|interest rate decision)\b/i },
  {
    kind: 'governance',
    direction: -0.3,
    pattern: /\b(?:pause|disable|deprecat\w*|offboard\w*|freez\w*|risk parameter|liquidation)\b/i,
    titleOnly: true,
  },
  {
    kind: 'governance',
    direction: 0.3,
    pattern: /\b(?:incentives?|grants?|onboard\w*|revenue|launch\w*|upgrade)\b/i,
    titleOnly: true,
  },
]

const confidence = 0.5
const evidenceMost = 300

/**
 * What the keywords find in a text.
 *
 * @param item `assets` as the source names them, `kind` as the source calls it
 * @param assets names of the universe's assets, upper case, to the symbol; see `assetNames`
 */
export function baselineSignals(
  item: {
    readonly title: string
    readonly text: string
    readonly assets: readonly string[]
    readonly kind: string | null
  },
  {
    assets,
    horizonDays,
  }: { readonly assets: ReadonlyMap<string, string>; readonly horizonDays: (kind: CatalystKind) => number },
): readonly Signal[] {
  const about = namedAssets(item, assets)
  if (about.length === 0) return []
  const found = firstMatch(item)
  if (found === null) return []
  const { kind, direction, evidence } = found
  const claims = about.map((asset) => ({
    asset,
    kind,
    direction,
    confidence,
    horizon_days: horizonDays(kind),
    evidence,
  }))
  return acceptSignals(claims, { text: `${item.title}\n${item.text}`, assets }).signals
}

function firstMatch(item: {
  readonly title: string
  readonly text: string
  readonly kind: string | null
}): { readonly kind: CatalystKind; readonly direction: number; readonly evidence: string } | null {
  for (const place of [item.title, item.text]) {
    for (const { kind, direction, pattern, titleOnly } of rules) {
      if (titleOnly === true && place !== item.title) continue
      const match = pattern.exec(place)
      if (match !== null) return { kind, direction, evidence: around(place, match.index, match[0].length) }
    }
  }
  const title = item.title.trim()
  if (item.kind !== 'governance' || title.length < 10) return null
  return { kind: 'governance', direction: 0, evidence: title.slice(0, evidenceMost).trim() }
}

/** The sentence around a match, as far as it is short enough. */
function around(text: string, index: number, length: number): string {
  const before = Math.max(...['. ', '\n', '? ', '! '].map((border) => text.lastIndexOf(border, index - 1)))
  const start = before < 0 || index - before > 120 ? Math.max(0, index - 120) : before + 1
  const after = text.slice(index + length).search(/[.!?\n]/)
  const end = after < 0 || after > 120 ? Math.min(text.length, index + length + 120) : index + length + after + 1
  return text.slice(start, end).trim().toWellFormed()
}

/** Assets the source names, and those that the title names by cashtag or in capitals; only members of the universe. */
function namedAssets(
  item: { readonly title: string; readonly assets: readonly string[] },
  assets: ReadonlyMap<string, string>,
): readonly string[] {
  const names = [...item.assets, ...(item.title.match(/\$?\b[A-Z][A-Z0-9]{2,9}\b/g) ?? [])].map(assetName)
  return [...new Set(names.filter((name) => assets.has(name)))]
}
