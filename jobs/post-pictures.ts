import type { Context } from '../src/context.ts'
import type { CloseEntry, Entry } from '../src/journal/entry.ts'
import { allocationData, equityData } from '../src/posts/chart-data.ts'
import { allocationOption, equityOption } from '../src/posts/chart-options.ts'
import { DiscordPost } from '../src/posts/discord.ts'
import type { Picture } from '../src/posts/publisher.ts'

/**
 * Draws the charts that a post refers to, from the closes up to it: a post that is sent late shows what it told of.
 * A chart that cannot be drawn is left out and said in the log: a post without a picture is better than none.
 */
export async function renderFiles(ctx: Context, post: Entry<'post'>): Promise<readonly Picture[]> {
  if (post.body.discord === null) return []
  const { charts } = DiscordPost.parse(post.body.discord)
  if (charts.length === 0) return []
  try {
    const open = await ctx.state(post.book)
    const closes = await closesUpTo(ctx, post)
    if (open === null || closes.length === 0) return []
    const { renderPng } = await import('../src/adapters/charts.ts')
    const options = {
      'equity.png': () => equityOption(equityData(open.opened, closes)),
      'allocation.png': () => allocationOption(allocationData(open.opened, closes.at(-1)!)),
    }
    return charts.flatMap(({ name, alt }) => {
      const option = Object.hasOwn(options, name) ? options[name as keyof typeof options] : undefined
      return option === undefined ? [] : [{ name, alt, png: renderPng(option()) }]
    })
  } catch (error) {
    ctx.say(`the charts of entry ${post.seq} could not be drawn, its post goes without: ${(error as Error).message}`)
    return []
  }
}

async function closesUpTo(ctx: Context, post: Entry<'post'>): Promise<readonly CloseEntry[]> {
  const closes: CloseEntry[] = []
  for await (const entry of ctx.journal.read({ book: post.book, kinds: ['close'], toSeq: post.seq })) {
    if (entry.kind === 'close') closes.push(entry.body)
  }
  return closes
}
