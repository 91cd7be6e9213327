import { z } from 'zod'

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'lower-case letters, digits and hyphens')
/** Symbols that every item of the source is about, as the book's market calls them or by the coin alone. */
const assets = z.array(z.string().min(1).max(40)).max(100).default([])
const kind = z.string().min(1).max(60).optional()
/** How often it is asked; politeness sets the least. */
const pollMinutes = z.number().min(5).max(10_080).default(60)
const url = z.url({ protocol: /^https?$/, error: 'an address that starts with http:// or https://' })
/** What every source has. */
const common = { name, assets, kind, pollMinutes }

/** Where texts come from. Each host named here may be fetched, and no other. */
export const Source = z.discriminatedUnion('type', [
  /** RSS, Atom, RDF or JSON feed: news, central banks, the SEC, exchanges' announcements, podcasts with notes. */
  z.strictObject({ type: z.literal('feed'), ...common, url }),
  /** A Discourse forum, for example https://governance.aave.com; `category` by its number. */
  z.strictObject({ type: z.literal('discourse'), ...common, url, category: z.int().positive().optional() }),
  /** Votes of a space on Snapshot: when created, when closed, and how they ended. */
  z.strictObject({
    type: z.literal('snapshot'),
    ...common,
    url: url.default('https://hub.snapshot.org/graphql'),
    space: z.string().min(1).max(100),
  }),
  /** Filings of companies with the SEC, by their CIK. */
  z.strictObject({
    type: z.literal('edgar'),
    ...common,
    url: url.default('https://data.sec.gov'),
    companies: z
      .array(z.strictObject({ cik: z.string().regex(/^\d{1,10}$/), assets: z.array(z.string()).min(1) }))
      .min(1),
    forms: z.array(z.string().min(1).max(20)).default(['8-K', '10-Q', '10-K', '6-K', '20-F']),
  }),
  /** Posts of accounts on X, within the budget of X. */
  z.strictObject({
    type: z.literal('x'),
    ...common,
    accounts: z
      .array(z.string().regex(/^\w{1,15}$/))
      .min(1)
      .max(50),
  }),
  /** Yahoo's news about symbols. */
  z.strictObject({
    type: z.literal('yahoo-news'),
    ...common,
    symbols: z.array(z.string().min(1).max(24)).min(1).max(100),
  }),
  /** A file of history: one JSON object a line, `id, published_at, assets, kind, title, text, url`. */
  z.strictObject({ type: z.literal('jsonl'), ...common, path: z.string().min(1) }),
])
export type Source = z.infer<typeof Source>

/** Sources of a book; no name twice. */
export const Sources = z.array(Source).superRefine((sources, context) => {
  const seen = new Set<string>()
  for (const [index, source] of sources.entries()) {
    if (seen.has(source.name)) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `${source.name} is listed twice` })
    }
    seen.add(source.name)
  }
})
