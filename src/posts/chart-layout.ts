/** Where things stand in a chart, computed here so that it is known before anything is drawn. */

export type Range = { readonly min: number; readonly max: number; readonly interval: number }

/**
 * An axis in round steps that holds all values and wastes little room.
 *
 * @param values finite; an empty or constant list gets some room around it
 * @param steps numbers of intervals to try for; the axis that ends up shortest is taken
 * Example: niceRange([9_830, 10_340], [4]) -> { min: 9_800, max: 10_400, interval: 200 }
 */
export function niceRange(values: readonly number[], steps: readonly number[] = [3, 4, 5]): Range {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return { min: 0, max: 1, interval: 1 }
  if (high - low < 1e-9 * Math.max(1, Math.abs(high))) {
    const room = Math.abs(high) * 0.01 || 1
    low -= room
    high += room
  }
  const axes = steps.map((count) => axis(low, high, (high - low) / count))
  return axes.reduce((best, next) => (next.max - next.min < best.max - best.min ? next : best))
}

function axis(low: number, high: number, rough: number): Range {
  const power = 10 ** Math.floor(Math.log10(rough))
  const interval = power * [1, 2, 2.5, 5, 10].find((step) => step * power >= rough * (1 - 1e-9))!
  const tidy = (count: number) => Number((count * interval).toPrecision(12))
  return { min: tidy(Math.floor(low / interval + 1e-9)), max: tidy(Math.ceil(high / interval - 1e-9)), interval }
}

/**
 * How far each line's label moves down, in pixels, so that no two overlap and none leaves the panel: labels keep the order
 * of their lines and stay as near to them as they can.
 *
 * @param ends value at the end of each line
 * Example: two equal ends, labels of 36 -> [-18, 18]
 */
export function labelOffsets(
  ends: readonly number[],
  range: Range,
  sizes: { readonly height: number; readonly labelHeight: number },
): readonly number[] {
  const { height, labelHeight } = sizes
  const natural = ends.map((end) => ((range.max - end) / (range.max - range.min)) * height)
  const order = ends.map((_, index) => index).sort((a, b) => natural[a]! - natural[b]! || a - b)
  // Labels that touch form a block, placed around the mean of its lines; blocks that then touch are joined again.
  const blocks: { indices: number[]; top: number }[] = []
  const room = Math.max(height, ends.length * labelHeight)
  const place = (indices: readonly number[]) => {
    const mean = indices.reduce((sum, index) => sum + natural[index]!, 0) / indices.length
    const extent = indices.length * labelHeight
    return Math.min(Math.max(mean - extent / 2, -labelHeight / 2), room + labelHeight / 2 - extent)
  }
  for (const index of order) {
    blocks.push({ indices: [index], top: place([index]) })
    while (blocks.length > 1) {
      const below = blocks.at(-1)!
      const above = blocks.at(-2)!
      if (above.top + above.indices.length * labelHeight <= below.top + 1e-9) break
      const indices = [...above.indices, ...below.indices]
      blocks.splice(-2, 2, { indices, top: place(indices) })
    }
  }
  const offsets = new Array<number>(ends.length).fill(0)
  for (const { indices, top } of blocks) {
    indices.forEach((index, position) => {
      offsets[index] = top + (position + 0.5) * labelHeight - natural[index]!
    })
  }
  return offsets
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * The dates that carry a label, by index: the first session of a month, quarter, half-year or year, whichever gives few
 * enough, with the year where it begins; three days when everything lies within two months.
 *
 * Example: sessions from 2019-11-20 to 2020-02-10 -> 'Dec 2019', 'Jan 2020', 'Feb'
 */
export function monthTicks(dates: readonly string[], most: number): ReadonlyMap<number, string> {
  for (const every of [1, 2, 3, 6, 12, 24, 60, 120]) {
    const starts = monthStarts(dates, every)
    if (starts.length > most) continue
    if (starts.length < 2) break
    return new Map(starts.map((index, place) => [index, monthLabel(dates[index]!, place, every)]))
  }
  const wanted = Math.min(3, dates.length)
  const ticks = new Map<number, string>()
  for (let i = 0; i < wanted; i++) {
    // Labels stand under their session, so those at the very edges would be cut: they move in a little.
    const index = dates.length < 3 ? i : Math.round(((i + 0.5) / wanted) * (dates.length - 1))
    const date = dates[index]!
    ticks.set(index, `${Number(date.slice(8, 10))} ${months[Number(date.slice(5, 7)) - 1]} ${date.slice(0, 4)}`)
  }
  return ticks
}

function monthStarts(dates: readonly string[], every: number): number[] {
  const starts: number[] = []
  for (let index = 1; index < dates.length; index++) {
    const date = dates[index]!
    if (date.slice(0, 7) === dates[index - 1]!.slice(0, 7)) continue
    if ((Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1) % every === 0) starts.push(index)
  }
  return starts
}

function monthLabel(date: string, place: number, every: number): string {
  const year = date.slice(0, 4)
  if (every >= 12) return year
  const month = months[Number(date.slice(5, 7)) - 1]!
  return place === 0 || month === 'Jan' ? `${month} ${year}` : month
}
