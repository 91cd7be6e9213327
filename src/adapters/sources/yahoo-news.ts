import { z } from 'zod'
import type { FoundItem } from '../../catalysts/item.ts'
import { WorldError } from '../../errors.ts'
import type { Web } from './web.ts'

const News = z.object({
  uuid: z.string().min(1),
  title: z.string().min(1),
  publisher: z.string().catch(''),
  link: z.string().catch(''),
  providerPublishTime: z.union([z.date(), z.number().transform((seconds) => new Date(seconds * 1000))]),
})

/** Headlines that Yahoo's search gives for symbols. It gives no text: the title is all there is to read. */
export async function yahooNews(
  web: Web,
  source: { readonly name: string; readonly symbols: readonly string[]; readonly kind?: string | undefined },
  options: { readonly url: string | null },
): Promise<readonly FoundItem[]> {
  const { default: YahooFinance } = await import('yahoo-finance2')
  const silent = () => {}
  const yahoo = new YahooFinance({
    fetch: async (input: string | URL | Request) => {
      const asked = new URL(input instanceof Request ? input.url : input)
      const url = options.url === null ? asked.href : options.url + asked.pathname + asked.search
      const answer = await web.fetch({ url, accept: 'application/json' })
      const body = answer.kind === 'body' ? new Uint8Array(answer.bytes) : null
      return new Response(body, { status: 200, headers: { 'content-type': 'application/json' } })
    },
    queue: { concurrency: 1 },
    suppressNotices: ['yahooSurvey'],
    validation: { logErrors: false, logOptionsErrors: false },
    versionCheck: false,
    logger: { info: silent, warn: silent, error: silent, debug: silent, dir: silent },
  })
  const items: FoundItem[] = []
  for (const symbol of source.symbols) {
    let found: { news?: unknown }
    try {
      found = (await yahoo.search(symbol, { newsCount: 10, quotesCount: 0 }, { validateResult: false })) as typeof found
    } catch (cause) {
      if (cause instanceof WorldError) throw cause
      throw new WorldError(`${source.name}: Yahoo's news about ${symbol} could not be read`, { retryable: true, cause })
    }
    const news = Array.isArray(found.news) ? found.news.flatMap((entry) => News.safeParse(entry).data ?? []) : []
    for (const { uuid, title, publisher, link, providerPublishTime } of news) {
      items.push({
        source: source.name,
        id: uuid,
        title,
        text: publisher === '' ? '' : `Published by ${publisher}.`,
        url: /^https?:/.test(link) ? link.slice(0, 2000) : null,
        publishedAt: Number.isNaN(providerPublishTime.getTime()) ? null : providerPublishTime.toISOString(),
        dateOnly: false,
        assets: [symbol],
        kind: source.kind ?? null,
      })
    }
  }
  return items
}
