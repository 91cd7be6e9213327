import { z } from 'zod'
import type { FoundItem } from '../../catalysts/item.ts'
import { WorldError } from '../../errors.ts'
import { decoded, publishedAt, textOfHtml } from './plain.ts'
import type { Web } from './web.ts'

/** Filings read in one poll of one company; the SEC asks for at most ten requests a second. */
const filingsMost = 8
const pauseMs = 150

const column = z.array(
  z
    .string()
    .nullable()
    .transform((value) => value ?? ''),
)
const Submissions = z.object({
  name: z.string().catch('the company'),
  filings: z.object({
    recent: z.object({
      accessionNumber: column,
      form: column,
      filingDate: column,
      acceptanceDateTime: column.optional(),
      primaryDocument: column.optional(),
      items: column.optional(),
    }),
  }),
})

/**
 * Recent filings of companies with the SEC, with the text of their main document: https://www.sec.gov/search-filings/edgar-application-programming-interfaces.
 * `acceptanceDateTime` is when the SEC took the filing in, in UTC.
 *
 * @param since filings accepted before are not opened
 */
export async function edgarItems(
  web: Web,
  source: {
    readonly name: string
    readonly url: string
    readonly companies: readonly { readonly cik: string; readonly assets: readonly string[] }[]
    readonly forms: readonly string[]
    readonly kind?: string | undefined
  },
  since: string | null,
): Promise<readonly FoundItem[]> {
  const items: FoundItem[] = []
  for (const { cik, assets } of source.companies) {
    const padded = cik.padStart(10, '0')
    const answer = await web.fetch({ url: `${source.url}/submissions/CIK${padded}.json`, accept: 'application/json' })
    if (answer.kind !== 'body') continue
    const { name, filings } = submissions(source, answer.bytes)
    const { recent } = filings
    const wanted = recent.form
      .map((form, index) => ({ form, index }))
      .filter(({ form, index }) => source.forms.includes(form) && (since === null || accepted(recent, index) >= since))
      .slice(0, filingsMost)
    for (const { form, index } of wanted) {
      const accession = recent.accessionNumber[index] ?? ''
      const document = recent.primaryDocument?.[index] ?? ''
      const url = `${archive(source.url)}/Archives/edgar/data/${Number(cik)}/${accession.replaceAll('-', '')}/${document}`
      const when = publishedAt(accepted(recent, index))
      items.push({
        source: source.name,
        id: accession,
        title: `${name} filed form ${form}${recent.items?.[index] ? ` (items ${recent.items[index]})` : ''}`,
        text: document === '' ? '' : await documentText(web, url),
        url: url.slice(0, 2000),
        publishedAt: when?.at ?? null,
        dateOnly: when?.dateOnly ?? false,
        assets,
        kind: source.kind ?? 'regulatory',
      })
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  return items
}

function accepted(recent: z.infer<typeof Submissions>['filings']['recent'], index: number): string {
  return recent.acceptanceDateTime?.[index] || (recent.filingDate[index] ?? '')
}

/** Documents lie on another host than the index, except where a server of one's own stands in for both. */
function archive(url: string): string {
  return url === 'https://data.sec.gov' ? 'https://www.sec.gov' : url
}

async function documentText(web: Web, url: string): Promise<string> {
  const answer = await web.fetch({ url, mayBeGone: true })
  return answer.kind === 'body' ? textOfHtml(decoded(answer.bytes, answer.contentType)) : ''
}

function submissions(source: { readonly name: string }, bytes: Uint8Array): z.infer<typeof Submissions> {
  try {
    return Submissions.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new WorldError(`${source.name}: the SEC's list of filings has another form than expected`, {
      retryable: false,
      cause,
    })
  }
}
