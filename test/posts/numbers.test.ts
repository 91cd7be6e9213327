import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry, RenderedPost } from '../../src/journal/entry.ts'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
import { buyOrder, close, controlOpened, decision, opened } from './sample-entries.ts'

/** Every number that stands in a value, numbers inside its texts included. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  if (typeof value === 'string') return (value.match(/\d+(\.\d+)?/g) ?? []).map(Number)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => [...numbersIn(key), ...numbersIn(child)])
}

/** What a reader sees as figures, hashes aside. */
function figuresOf(post: RenderedPost): string[] {
  const { embeds } = DiscordPost.parse(post.discord)
  const shown = embeds.flatMap(({ title, description, footer, fields }) => [
    title,
    description,
    footer.text,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ])
  const text = [...post.x, ...shown].join('\n').replace(/[0-9a-f]{32,64}/g, '')
  return text.match(/\d+(,\d{3})*(\.\d+)?/g) ?? []
}

/** Whether a figure is one of the numbers as such, as a percentage, or in units instead of cents, rounded as shown. */
function isRead(figure: string, numbers: readonly number[]): boolean {
  const decimals = figure.split('.')[1]?.length ?? 0
  const wanted = Number(figure.replaceAll(',', ''))
  const half = 0.5 * 10 ** -decimals + 1e-9
  return numbers.some((number) => [1, 100, 0.01].some((scale) => Math.abs(Math.abs(number) * scale - wanted) <= half))
}

function assertAllRead(post: RenderedPost, entries: readonly Entry[], sums: readonly number[]): void {
  const numbers = [...entries.flatMap((entry) => numbersIn(entry)), ...sums]
  const made = figuresOf(post).filter((figure) => !isRead(figure, numbers))
  assert.deepEqual(made, [], 'figures that no entry holds')
}

test('every figure of a decision post stands in an entry', () => {
  const entries = { opened: opened(), decision: decision(), close: close() }
  // The only sum: commission 21.25 + spread 4.10 + currency 8.75.
  assertAllRead(renderDecisionPost(entries), Object.values(entries), [34.1])
})

test('every figure of a control that cuts and refuses stands in an entry', () => {
  const entries = {
    opened: controlOpened(),
    decision: decision({
      policy: 'cvar',
      actions: [{ symbol: 'TLT', side: 'buy', pct: 31.4159, reason: '' }],
      clamps: [
        {
          rule: 'max-weight',
          symbol: 'TLT',
          side: 'buy',
          before: 123_456,
          after: 85_017,
          because: 'at most 25 % of equity in one asset',
        },
        {
          rule: 'minimum-holding',
          symbol: 'AIR.PA',
          side: 'sell',
          before: 3.25,
          after: 0,
          because: 'held 2 of at least 5 sessions by the next open',
        },
      ],
      orders: [buyOrder(1, 'TLT', 85_017)],
      stops: [],
    }),
  }
  const post = renderDecisionPost(entries)
  assert.match(post.x.join('\n'), /TLT for EUR 850 \(cut\)\. Hold 8\. Guardrails refused 1 wish\./)
  assert.match(JSON.stringify(post.discord), /Sell 3\.25 shares of Airbus: refused, held 2 of at least 5 sessions/)
  assertAllRead(post, Object.values(entries), [])
})
