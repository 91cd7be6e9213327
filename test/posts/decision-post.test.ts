import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
import { assertGolden, postAsText } from './golden.ts'
import {
  buyOrder,
  close,
  controlOpened,
  controlStanding,
  decision,
  designHash,
  opened,
  standing,
  stopOrders,
  stops,
} from './sample-entries.ts'

test('the post of day 43 reads as design.md shows it, to the letter', () => {
  const post = renderDecisionPost({ opened: opened(), decision: decision(), close: close() })
  assert.deepEqual(post.x, [
    'Day 43. At the next open: sell all LVMH (stop: close -5.3 % from cost), TLT for 10 % of cash. Hold 8. Wanted more SPY: refused, weekly trade cap.\n' +
      'EUR 10,213: +2.1 %, SPY +3.4 %, CAC +0.9 %. No evidence of skill yet.\n' +
      'Automated, paper money. a1b2c3d4e5f60718293a4b5c6d7e8f90',
  ])
  assertGolden('decision-model.txt', postAsText(post))
})

test('a control on simulated prices is never presented as a model or as a market', () => {
  const post = renderDecisionPost({
    opened: controlOpened(),
    decision: decision({
      policy: 'cvar',
      summary: '',
      actions: [
        { symbol: 'TLT', side: 'buy', pct: 12.3456, reason: '' },
        { symbol: 'GLD', side: 'buy', pct: 7.04, reason: '' },
      ],
      clamps: [],
      orders: [buyOrder(1, 'TLT', 50_617), buyOrder(2, 'GLD', 28_864)],
      stops: [],
      holds: 3,
      standing: controlStanding,
    }),
  })
  const text = post.x.join('\n')
  assert.match(text, /buy TLT for EUR 506, Gold for EUR 289\. Hold 3\./)
  assert.match(text, /Simulated prices\. A control decides \(cvar\), no model\./)
  assert.match(JSON.stringify(post.discord), /Simulated prices\. A control decides \(cvar\), no model\./)
  assertGolden('decision-control.txt', postAsText(post))
})

test('a day without a decision says why, and that nothing was traded', () => {
  const post = renderDecisionPost({
    opened: opened(),
    decision: decision({
      outcome: 'no-decision',
      because: "the model's answer was cut off twice",
      summary: '',
      actions: [],
      clamps: [],
      orders: [],
      stops: [],
    }),
  })
  assert.match(post.x[0]!, /No decision today: the model's answer was cut off twice\. Nothing traded\./)
  assertGolden('no-decision.txt', postAsText(post))
})

test('a stop still sells on a day without a decision, and the post does not say that nothing was traded', () => {
  const post = renderDecisionPost({
    opened: opened(),
    decision: decision({
      outcome: 'no-decision',
      because: 'The daily budget of USD 1 is used up.',
      actions: [],
      clamps: [],
      orders: stopOrders,
      stops,
    }),
  })
  assert.match(post.x[0]!, /No decision today: the daily budget of USD 1 is used up\./)
  assert.match(
    post.x[0]!,
    /Only the stop trades at the next open: sell all LVMH \(close -5\.3 % from cost\)\. Hold 8\./,
  )
  assert.doesNotMatch(post.x[0]!, /Nothing traded/)
})

test('a day of warm-up says how much is still missing', () => {
  const post = renderDecisionPost({
    opened: controlOpened(),
    decision: decision({
      policy: 'cvar',
      outcome: 'warm-up',
      because: '120 of 252 returns are known',
      summary: '',
      actions: [],
      clamps: [],
      orders: [],
      stops: [],
      holds: 0,
      standing: { ...controlStanding, day: 3 },
    }),
  })
  assert.match(post.x[0]!, /^Day 3\. Warm-up: 120 of 252 returns are known\. No orders yet\.\n/)
  assertGolden('warm-up.txt', postAsText(post))
})

test('a day on which everything is held is short', () => {
  const post = renderDecisionPost({
    opened: opened(),
    decision: decision({ actions: [], clamps: [], orders: [], stops: [], holds: 9, summary: 'Nothing has changed.' }),
  })
  assert.match(post.x[0]!, /^Day 43\. No orders, hold all 9\.\n/)
  assertGolden('hold.txt', postAsText(post))
})

test('an amount the guardrails cut is told with both amounts and the limit', () => {
  const post = renderDecisionPost({
    opened: opened(),
    decision: decision({
      actions: [{ symbol: 'TLT', side: 'buy', pct: 30, reason: 'Diversifies.' }],
      clamps: [
        {
          rule: 'max-weight',
          symbol: 'TLT',
          side: 'buy',
          before: 123_000,
          after: 100_000,
          because: 'at most 25 % of equity in one asset',
        },
        {
          rule: 'cash-floor',
          symbol: 'TLT',
          side: 'buy',
          before: 100_000,
          after: 85_000,
          because: 'at least 15 % of equity stays in cash',
        },
      ],
      orders: [buyOrder(1, 'TLT', 85_000)],
      stops: [],
    }),
  })
  assert.match(post.x[0]!, /buy TLT for EUR 850 \(cut from EUR 1,230: 25 % cap\)\. Hold 8\./)
  assert.match(
    JSON.stringify(post.discord),
    /Buy TLT for EUR 1,230\.00: cut to EUR 1,000\.00, at most 25 % of equity in one asset\..*cut to EUR 850\.00, at least 15 % of equity stays in cash\./,
  )
})

test('a recorded market is called recorded, and an index benchmark price-only', () => {
  const post = renderDecisionPost({
    opened: opened({ market: { spec: 'csv:bars', label: 'CSV files', nature: 'recorded' } }),
    decision: decision({
      standing: {
        ...standing,
        benchmarks: standing.benchmarks.map((benchmark) => ({
          ...benchmark,
          priceOnly: benchmark.shortName === 'CAC',
        })),
      },
    }),
  })
  assert.match(post.x.join('\n'), /Recorded prices\./)
  assert.match(post.x.join('\n'), /CAC \(price only\) \+0\.9 %/)
  assert.match(JSON.stringify(post.discord), /CAC \(price only\) EUR 10,090, \+0\.9 %/)
})

test('an order whose exchange had opened is told as missed, and not as something that will be done', () => {
  const because = 'Paris had opened before the decision was recorded'
  const post = renderDecisionPost({
    opened: opened(),
    decision: decision({
      orders: [...stopOrders, buyOrder(2, 'TLT', 41_000)],
      missed: [{ orderId: stopOrders[0]!.id, symbol: 'MC.PA', side: 'sell', kind: 'missed', because }],
    }),
  })
  assert.match(
    post.x[0]!,
    /At the next open: buy TLT for 10 % of cash\. .*Missed, the exchange had opened: sell LVMH\./,
  )
  assert.match(JSON.stringify(post.discord), /Sell LVMH\. Paris had opened/)
})

test('forty actions end in one readable text with all stops named and the rest counted', () => {
  const symbols = opened().body.instruments.map(({ symbol }) => symbol)
  const orders = Array.from({ length: 40 }, (_, index) => buyOrder(index + 2, symbols[index % 7]!, 12_300 + index))
  const actions = orders.map(({ symbol }) => ({
    symbol,
    side: 'buy' as const,
    pct: 1.2345,
    reason: 'Below its weight.',
  }))
  const post = renderDecisionPost({
    opened: controlOpened(),
    decision: decision({
      policy: 'equal-weight',
      actions,
      orders: [...stopOrders, ...orders],
      standing: controlStanding,
    }),
  })
  assert.equal(post.x.length, 1)
  assert.match(post.x[0]!, /sell all LVMH \(stop\).* and 3\d more\./)
  const { embeds } = DiscordPost.parse(post.discord)
  assert.equal(embeds[0]!.fields.length, 25)
  assert.match(JSON.stringify(embeds), /And \d+ more/)
  assert.ok(post.x[0]!.endsWith(`Automated, paper money. ${designHash.slice(0, 32)}`))
})

test('Discord carries the whole hash, the reason in the words of the model, and a chart with its alternative text', () => {
  const { discord } = renderDecisionPost({ opened: opened(), decision: decision(), close: close() })
  const post = DiscordPost.parse(discord)
  const fields = post.embeds[0]!.fields
  assert.ok(fields.some(({ value }) => value === `\`${designHash}\``))
  assert.match(
    fields.find(({ name }) => name === 'Buy TLT for 10 % of cash')!.value,
    /^Its 20-day correlation with SPY is -0\.42/,
  )
  assert.equal(
    fields.find(({ name }) => name === 'Costs since the start')!.value,
    'EUR 34.10 (commission 21.25, spread 4.10, fx 8.75)',
  )
  assert.deepEqual(
    post.charts.map(({ name }) => `attachment://${name}`),
    [post.embeds[0]!.image!.url],
  )
  assert.match(post.charts[0]!.alt, /EUR 10,213, \+2\.1 % since the start; SPY \+3\.4 %/)
  assert.deepEqual(
    post.components[0]!.components.map(({ label }) => label),
    ['Agree', 'Disagree', 'Why?'],
  )
})

function sale(place: number, symbol: string, quantity: number, reason: 'policy' | 'stop' = 'policy') {
  return { ...stopOrders[0]!, id: `2020-03-12/${place}`, symbol, quantity, reason }
}

test('stops come first, then sales, which pay for what is bought', () => {
  const post = renderDecisionPost({
    opened: opened(),
    decision: decision({
      actions: [
        { symbol: 'TLT', side: 'buy', pct: 12.345, reason: '' },
        { symbol: 'AIR.PA', side: 'sell', pct: 40, reason: '' },
      ],
      clamps: [],
      orders: [buyOrder(1, 'TLT', 41_000), sale(2, 'AIR.PA', 3), sale(3, 'MC.PA', 2.4119, 'stop')],
    }),
  })
  assert.match(
    post.x[0]!,
    /At the next open: sell all LVMH \(stop: close -5\.3 % from cost\), sell 40 % of Airbus, buy TLT for 12\.35 % of cash\./,
  )
})

test('a partial sale says its share, else its value at the close, else its shares; a control buys in euros only', () => {
  const text = (options: { pct: number; quantity: number; known: boolean }) =>
    renderDecisionPost({
      opened: controlOpened(),
      decision: decision({
        policy: 'cvar',
        actions: [
          { symbol: 'SPY', side: 'sell', pct: options.pct, reason: '' },
          { symbol: 'TLT', side: 'buy', pct: 10, reason: '' },
        ],
        clamps: [],
        orders: [sale(1, 'SPY', options.quantity), buyOrder(2, 'TLT', 41_000)],
        stops: [],
        standing: controlStanding,
      }),
      ...(options.known ? { close: close() } : {}),
    }).x[0]!
  assert.match(text({ pct: 40, quantity: 2.04, known: true }), /open: sell 40 % of SPY, buy TLT for EUR 410\./)
  // 1.7 of 5.1 shares worth EUR 1,131.23 are EUR 377.08
  assert.match(text({ pct: 33.3333, quantity: 1.7, known: true }), /sell about EUR 377 of SPY, buy TLT/)
  assert.match(text({ pct: 33.3333, quantity: 1.7, known: false }), /sell 1\.7 SPY, buy TLT/)
  assert.match(text({ pct: 99.99999, quantity: 5.1, known: true }), /sell all SPY, buy TLT/)
})

test('the verdict on a model stands in every decision post, that on a control in none on X, however long the post', () => {
  const symbols = opened().body.instruments.map(({ symbol }) => symbol)
  for (let count = 0; count <= 40; count++) {
    const orders = Array.from({ length: count }, (_, index) => buyOrder(index + 2, symbols[index % 7]!, 12_300 + index))
    const actions = orders.map(({ symbol }) => ({ symbol, side: 'buy' as const, pct: 1.23, reason: '' }))
    const model = renderDecisionPost({ opened: opened(), decision: decision({ actions, orders }) })
    assert.match(model.x.join('\n'), /No evidence of skill yet\./)
    const control = renderDecisionPost({
      opened: controlOpened(),
      decision: decision({ policy: 'cvar', actions, orders, standing: controlStanding }),
    })
    assert.doesNotMatch(control.x.join('\n'), /no claim of skill/)
    assert.match(control.x.join('\n'), /A control decides \(cvar\), no model\./)
    assert.match(JSON.stringify(control.discord), /A control run: no claim of skill\./)
  }
})

test('what a control wanted and did not get is told in euros on Discord too', () => {
  const post = renderDecisionPost({
    opened: controlOpened(),
    decision: decision({
      policy: 'cvar',
      actions: [{ symbol: 'SPY', side: 'buy', pct: 15.4321, reason: '' }],
      orders: [],
      stops: [],
      standing: controlStanding,
    }),
  })
  assert.ok(
    DiscordPost.parse(post.discord).embeds[0]!.fields.some(({ name }) => name === 'Refused: buy SPY for EUR 615'),
  )
})
