import assert from 'node:assert/strict'
import { test } from 'node:test'
import twitter from 'twitter-text'
import { replies } from '../support/model-server.ts'
import { type Fund, withFund, wordsOf } from './fund.ts'
import { closing, type Day, flat, type Prices, weekdays } from './prices.ts'

// Two weeks in which New York and Paris are open from Monday to Friday; New York opens at 13:30 UTC, Paris at 07:00.
const dates = weekdays('2024-06-03', '2024-06-14')
const [monday, tuesday, wednesday, thursday, friday] = dates as [string, string, string, string, string]
const dollar = flat(dates, 1.25)
const buy = (symbol: string, pct: number) => ({ symbol, side: 'buy', pct }) as const
const sell = (symbol: string, pct: number) => ({ symbol, side: 'sell', pct }) as const
const alerts = (fund: Fund) => fund.entries('alert').flatMap(({ body }) => body.alerts)
const told = (fund: Fund) => alerts(fund).map(({ symbol, kind, level }) => `${symbol} ${kind} ${level}`)

/** Bought on Tuesday at 100; what follows is closes from Wednesday on. */
const held = (...closes: readonly number[]): Record<string, Day> =>
  closing(dates, [100, 100, ...closes, ...Array(8).fill(closes.at(-1))].slice(0, dates.length))

test('the stop sells in the week in which the last trade is used up [18]', async () => {
  // Three orders on Monday are all that normal volatility allows. LVMH closes at 94 on Wednesday, 6 % below its cost of 100.
  const prices = { 'MC.PA': held(94), 'CAC.PA': flat(dates, 50), SPY: flat(dates, 500), 'EURUSD=X': dollar }
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20), buy('CAC.PA', 10), buy('SPY', 10))
    await fund.decide(tuesday, buy('SPY', 5))
    assert.deepEqual(
      fund.decision(tuesday).clamps.map(({ rule }) => rule),
      ['weekly-trades'],
    )
    await fund.decide(wednesday, buy('SPY', 5))
    assert.deepEqual(
      fund.decision(wednesday).orders.map(({ symbol, side, reason }) => [symbol, side, reason]),
      [['MC.PA', 'sell', 'stop']],
    )
    assert.match(fund.posts('decision').at(-1)!.x.join(), /sell all LVMH \(stop: close -6 ?\.?0? ?%/)
    await fund.job('fill', thursday)
    const stop = fund.fills().at(-1)!
    // The open of Thursday is the close of Wednesday: 94. Two sessions after the purchase: the minimum holding did not bind.
    assert.deepEqual([stop.symbol, stop.date, stop.price, stop.reason], ['MC.PA', thursday, 94, 'stop'])
    assert.ok((await fund.replayed()).positions.every(({ symbol }) => symbol !== 'MC.PA'))
  })
})

test('the stop sells on a day on which the model gives no answer, and not a cent of a percent earlier [18]', async () => {
  // 95.01 is 4.99 % below cost, 95 is 5 %.
  await withFund({ 'MC.PA': held(95.01, 95) }, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20))
    await fund.answered(tuesday, replies.refusal())
    await fund.answered(wednesday, replies.refusal())
    assert.deepEqual(fund.decision(wednesday).orders, [])
    await fund.answered(thursday, replies.refusal())
    const { outcome, orders } = fund.decision(thursday)
    assert.deepEqual(
      [outcome, orders.map(({ symbol, reason }) => [symbol, reason])],
      ['no-decision', [['MC.PA', 'stop']]],
    )
    assert.match(fund.posts('decision').at(-1)!.x.join(), /No decision today.*Only the stop trades/s)
    await fund.job('fill', friday)
    assert.deepEqual((await fund.replayed()).positions, [])
  })
})

test('after half a position is sold the rest can be sold the day after: nothing is forgotten [19]', async () => {
  await withFund({ 'CAC.PA': flat(dates, 50) }, async (fund) => {
    await fund.decide(monday, buy('CAC.PA', 20))
    // Bought on Tuesday: on Monday, the fifth session is over by the next open.
    await fund.decide(dates[5]!, sell('CAC.PA', 50))
    await fund.decide(dates[6]!, sell('CAC.PA', 100))
    assert.deepEqual(fund.decision(dates[6]!).clamps, [])
    assert.deepEqual(
      (await fund.replayed()).positions.map(({ openedOn }) => openedOn),
      [tuesday],
    )
    await fund.job('fill', dates[7]!)
    const [bought, half, rest] = fund.fills().map(({ quantity }) => quantity) as [number, number, number]
    // EUR 2,000: (2000 - 1.25) / 1.0003 / 50 = 39.96301, so 39.963; half of it is 19.9815.
    assert.deepEqual([bought, half, rest], [39.963, -19.9815, -19.9815])
    assert.deepEqual((await fund.replayed()).positions, [])
  })
})

test('buying more does not start the minimum holding again [19]', async () => {
  await withFund({ 'CAC.PA': flat(dates, 50) }, async (fund) => {
    await fund.decide(monday, buy('CAC.PA', 10))
    await fund.decide(friday, buy('CAC.PA', 10))
    await fund.decide(dates[5]!, sell('CAC.PA', 100))
    assert.deepEqual(fund.decision(dates[5]!).clamps, [])
    await fund.job('fill', dates[6]!)
    assert.deepEqual((await fund.replayed()).positions, [])
  })
})

test('a position below its stop raises one alert in four runs of the monitor, not four [20]', async () => {
  await withFund({ 'MC.PA': held(100) }, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20))
    await fund.job('fill', tuesday)
    // Every run is a process of its own: what it knows of the runs before is in the journal.
    for (const hour of ['08', '10', '12', '14']) await fund.watch(`${wednesday}T${hour}:00:00.000Z`, { 'MC.PA': 94.9 })
    // 5.1 % below cost and below the close before: one stop (5 %), one move (2 % and one step of 2 points).
    assert.deepEqual(told(fund).sort(), ['MC.PA move 1', 'MC.PA stop 0'])
    assert.equal(fund.posts('alert').length, 1)
    await fund.watch(`${thursday}T08:00:00.000Z`, { 'MC.PA': 94.9 })
    assert.equal(told(fund).length, 4, 'a new session tells both once again')
  })
})

test('in one session an alert comes again only when it is two points worse [20]', async () => {
  await withFund({ 'MC.PA': held(100) }, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20))
    await fund.job('fill', tuesday)
    const prices = [97.9, 97, 96.1, 95.9, 97.5, 95.95, 93.9]
    for (const [i, price] of prices.entries()) {
      await fund.watch(`${wednesday}T${String(7 + i).padStart(2, '0')}:30:00.000Z`, { 'MC.PA': price })
    }
    // -2.1 % tells; -3.0 and -3.9 do not; -4.1 is two points beyond 2 %; back at -2.5 and -4.05 nothing; -6.1 again, with the stop.
    assert.deepEqual(told(fund).sort(), ['MC.PA move 0', 'MC.PA move 1', 'MC.PA move 2', 'MC.PA stop 0'])
    assert.deepEqual(
      fund.entries('alert').map(({ body }) => body.checkedAt.slice(11, 16)),
      ['07:30', '10:30', '13:30'],
    )
  })
})

test('a slide of 10 % in six steps of 1.8 % is told against yesterday’s close: at 2, 4, 6, 8 and 10 %, once each [21]', async () => {
  await withFund({ SPY: held(100), 'CAC.PA': flat(dates, 50), 'EURUSD=X': dollar }, async (fund) => {
    await fund.decide(monday, buy('CAC.PA', 10))
    await fund.job('fill', tuesday)
    // SPY is not held, but it is the benchmark: it is watched. 100 * 0.982 ** n = 98.2, 96.43, 94.70, 92.99, 91.32, 89.67.
    const seen: number[] = []
    for (let step = 1; step <= 6; step++) {
      const before = told(fund).length
      await fund.watch(`${wednesday}T${13 + step}:00:00.000Z`, { SPY: 100 * 0.982 ** step, 'CAC.PA': 50 })
      if (told(fund).length > before) seen.push(step)
    }
    // Each step is below 2 %, so a monitor that looks at the last check sees nothing. From the close: -1.8, -3.6 (first alert),
    // -5.3 (second point), -7.0 (third), -8.7 (fourth), -10.3 (fifth).
    assert.deepEqual(seen, [2, 3, 4, 5, 6])
    assert.deepEqual(
      alerts(fund).map(({ symbol, kind, level, reference }) => [symbol, kind, level, reference]),
      [0, 1, 2, 3, 4].map((level) => ['SPY', 'move', level, 100]),
    )
    assert.ok(Math.abs(alerts(fund)[0]!.value + 0.035676) < 1e-9)
  })
})

test('one missing quote does not silence the monitor: the others are told, and the portfolio is still valued [22]', async () => {
  const prices: Prices = { 'MC.PA': held(100), 'AIR.PA': held(100), 'CAC.PA': flat(dates, 50) }
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 25), buy('AIR.PA', 25))
    await fund.job('fill', tuesday)
    await fund.watch(`${wednesday}T10:00:00.000Z`, { 'AIR.PA': 97, 'CAC.PA': 50 })
    assert.deepEqual(told(fund), ['AIR.PA move 0'])
    // Without any quote there is nothing to say, and nothing to fail at.
    await fund.watch(`${wednesday}T12:00:00.000Z`, {})
    assert.deepEqual(told(fund), ['AIR.PA move 0'])
    // LVMH without a quote stands at its last close; Airbus at 70 costs the portfolio 30 % of its quarter: 7.5 % and a little cost.
    await fund.watch(`${wednesday}T14:00:00.000Z`, { 'AIR.PA': 70 })
    const drawdown = alerts(fund).find(({ kind }) => kind === 'drawdown')!
    assert.ok(drawdown.value > 0.075 && drawdown.value < 0.077, String(drawdown.value))
  })
})

test('between eight and half past the morning’s alerts are not forgotten, and not told again [22]', async () => {
  await withFund({ 'MC.PA': held(100) }, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20))
    await fund.job('fill', tuesday)
    for (const time of ['07:10', '08:00', '08:15', '08:29', '08:31']) {
      await fund.watch(`${wednesday}T${time}:00.000Z`, { 'MC.PA': 97 })
    }
    assert.deepEqual(told(fund), ['MC.PA move 0'])
  })
})

test('drawdown is the fall from the highest equity: a fund in profit can be 8 % below its peak [23]', async () => {
  // EUR 2,500 at 50: (2500 - 1.25) / 1.0003 / 50 = 49.960012, so 49.96 shares; they cost 2498.00 + 1.25 + 0.7494 = 2499.9994.
  // Cash 7500.00. At 100 equity is 12,496.00, the peak; at 80 it is 11,496.80: 8.00 % below, and 14.97 % above the start.
  const price = closing(dates, [50, 50, 100, 80, ...Array(6).fill(80)])
  await withFund({ 'CAC.PA': price }, async (fund) => {
    await fund.decide(monday, buy('CAC.PA', 25))
    for (const date of [tuesday, wednesday]) await fund.job('fill', date)
    await fund.decide(thursday)
    const { equity, standing } = fund.close(thursday)
    assert.ok(Math.abs(equity - 11_496.8) < 1e-6, String(equity))
    assert.ok(Math.abs(standing.drawdown - 999.2 / 12_496) < 1e-9, String(standing.drawdown))
    assert.ok(standing.netReturn > 0.149)
    assert.match(wordsOf(fund.posts('decision').at(-1)!), /\b8(\.0)? % below the highest close/)
    assert.match(fund.decision(thursday).prompt!.messages[1]!.content, /8\.00 % below its highest close/)
    // On Friday at 75 the fund is (12496 - 11247) / 12496 = 10.0 % below its peak: 5 % and two steps of 2 points.
    await fund.watch(`${friday}T09:00:00.000Z`, { 'CAC.PA': 75 })
    const drawdown = alerts(fund).find(({ kind }) => kind === 'drawdown')!
    assert.ok(Math.abs(drawdown.value - 1249 / 12_496) < 1e-9, String(drawdown.value))
    assert.equal(drawdown.level, 2)
  })
})

test('an alert sells nothing by itself, and a price that is back at the close was no stop [23]', async () => {
  await withFund({ 'MC.PA': held(100) }, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20))
    await fund.job('fill', tuesday)
    const before = await fund.replayed()
    await fund.watch(`${wednesday}T10:00:00.000Z`, { 'MC.PA': 80 })
    assert.ok(told(fund).some((alert) => alert.startsWith('MC.PA stop')))
    const { positions, pending, cash } = await fund.replayed()
    assert.deepEqual([positions, pending, cash], [before.positions, [], before.cash])
    await fund.decide(wednesday)
    await fund.decide(thursday)
    assert.equal(fund.fills().length, 1)
    assert.deepEqual([...fund.decision(wednesday).stops, ...fund.decision(thursday).stops], [])
  })
})

test('what was done is told on both channels: decision, fills and week on X and Discord, alerts on Discord only [24]', async () => {
  const prices = { 'MC.PA': held(100), 'CAC.PA': flat(dates, 50), SPY: flat(dates, 500), 'EURUSD=X': dollar }
  await withFund(prices, async (fund) => {
    await fund.decide(monday, buy('MC.PA', 20))
    await fund.job('fill', tuesday)
    await fund.watch(`${wednesday}T10:00:00.000Z`, { 'MC.PA': 97 })
    await fund.decide(friday)
    await fund.job('report', friday)
    for (const purpose of ['decision', 'fills', 'weekly'] as const) {
      const [post] = fund.posts(purpose)
      assert.ok(post!.x.length > 0, `${purpose}: nothing for X`)
      for (const text of post!.x) {
        assert.ok(twitter.parseTweet(text).weightedLength <= 280 && text.length > 40, text)
        assert.deepEqual(twitter.extractUrls(text), [], text)
      }
      assert.ok(JSON.stringify(post!.discord).includes('"embeds"'), `${purpose}: nothing for Discord`)
      assert.ok(post!.x.join().includes('LVMH') || purpose === 'weekly')
    }
    const [alert] = fund.posts('alert')
    assert.deepEqual(alert!.x, [])
    assert.match(JSON.stringify(alert!.discord), /LVMH \(held\) -3\.0 %/)
    // The hash in the post is the one of the entry that it tells of, as the journal's file has it.
    const entry = fund.entries('decision')[0]!
    assert.ok(fund.posts('decision')[0]!.x.join().includes(entry.hash.slice(0, 32)))
    assert.ok(JSON.stringify(fund.posts('decision')[0]!.discord).includes(entry.hash))
  })
})
