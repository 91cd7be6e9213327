import { z } from 'zod'
import type { FoundItem } from '../../catalysts/item.ts'
import { WorldError } from '../../errors.ts'
import type { Web } from './web.ts'

const pageSize = 50
const pagesMost = 4

const query = `query Proposals($space: String!, $first: Int!, $skip: Int!, $since: Int!) {
  proposals(first: $first, skip: $skip, where: { space: $space, created_gte: $since }, orderBy: "created", orderDirection: desc) {
    id title body choices start end created state scores scores_state scores_total quorum link
  }
}`

const Proposal = z.object({
  id: z.string().min(1).max(100),
  title: z.string(),
  body: z.string().nullish(),
  choices: z.array(z.string()).catch([]),
  start: z.number(),
  end: z.number(),
  created: z.number(),
  state: z.string(),
  scores: z.array(z.number()).nullish().catch(null),
  /** `final` once they are counted; hidden votes show none before. */
  scores_state: z.string().nullish().catch(null),
  scores_total: z.number().nullish().catch(null),
  quorum: z.number().nullish().catch(null),
  link: z.string().nullish().catch(null),
})
const Answer = z.object({
  data: z.object({ proposals: z.array(z.unknown()).nullable() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
})

/**
 * Votes of a space, each as two texts: the proposal when it is created, and the outcome once it is closed.
 *
 * @param since Unix seconds: proposals created before are not asked for
 * @param seenAt a vote that ends later than this has no outcome yet, whatever is claimed
 */
export async function snapshotItems(
  web: Web,
  source: {
    readonly name: string
    readonly url: string
    readonly space: string
    readonly assets: readonly string[]
    readonly kind?: string | undefined
  },
  { since, seenAt }: { readonly since: number; readonly seenAt: string },
): Promise<readonly FoundItem[]> {
  const proposals: z.infer<typeof Proposal>[] = []
  for (let page = 0; page < pagesMost; page++) {
    const answer = await web.fetch({
      url: source.url,
      accept: 'application/json',
      post: { query, variables: { space: source.space, first: pageSize, skip: page * pageSize, since } },
    })
    const found = read(source, answer.kind === 'body' ? answer.bytes : new Uint8Array())
    const fresh = found.filter(({ id }) => !proposals.some((known) => known.id === id))
    proposals.push(...fresh)
    if (found.length < pageSize || fresh.length === 0) break
  }
  return proposals.flatMap((proposal) => itemsOf(proposal, source, seenAt))
}

function read(source: { readonly name: string; readonly url: string }, bytes: Uint8Array): z.infer<typeof Proposal>[] {
  const failed = (because: string, cause?: unknown) =>
    new WorldError(`${source.name}: ${new URL(source.url).origin} gave no votes: ${because}`, {
      retryable: true,
      cause,
    })
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw failed('it sent no JSON', cause)
  }
  const parsed = Answer.safeParse(value)
  if (!parsed.success) throw failed('it sent another form of answer')
  const [error] = parsed.data.errors ?? []
  if (error !== undefined) throw failed(error.message.slice(0, 200))
  return (parsed.data.data?.proposals ?? []).flatMap((proposal) => Proposal.safeParse(proposal).data ?? [])
}

function itemsOf(
  proposal: z.infer<typeof Proposal>,
  source: { readonly name: string; readonly assets: readonly string[]; readonly kind?: string | undefined },
  seenAt: string,
): FoundItem[] {
  const { id, title, choices, link } = proposal
  const common = {
    source: source.name,
    title,
    url: link != null && /^https?:/.test(link) ? link.slice(0, 2000) : null,
    dateOnly: false,
    assets: source.assets,
    kind: source.kind ?? 'governance',
  }
  const created: FoundItem = {
    ...common,
    id: `${id}/created`,
    text: `${proposal.body ?? ''}\n\nChoices: ${choices.join(', ')}. Voting ends ${instant(proposal.end) ?? 'at an unknown time'}.`,
    publishedAt: instant(proposal.created),
  }
  const end = instant(proposal.end)
  if (proposal.state !== 'closed' || end === null || end > seenAt || !isCounted(proposal)) return [created]
  return [
    created,
    { ...common, id: `${id}/closed`, title: `Vote closed: ${title}`, text: outcomeOf(proposal), publishedAt: end },
  ]
}

/** Whether the votes of a closed proposal were counted, where that is told. */
function isCounted({ scores_state }: z.infer<typeof Proposal>): boolean {
  return scores_state == null || scores_state === '' || scores_state === 'final'
}

/** The outcome in one sentence, from the scores alone. */
function outcomeOf({ choices, scores, scores_total, quorum }: z.infer<typeof Proposal>): string {
  const total = scores_total ?? scores?.reduce((sum, score) => sum + score, 0) ?? 0
  if (scores == null) return 'The vote closed; its outcome is not told.'
  if (scores.length === 0 || !(total > 0)) return 'The vote closed without votes.'
  const most = scores.indexOf(Math.max(...scores))
  const first = scores.flatMap((score, index) =>
    score === scores[most] ? [`"${choices[index] ?? `choice ${index + 1}`}"`] : [],
  )
  const share = `${((100 * scores[most]!) / total).toFixed(1)} %`
  const met =
    quorum == null || quorum === 0 ? '' : total >= quorum ? ' The quorum was met.' : ' The quorum was not met.'
  return first.length > 1
    ? `The vote closed in a tie: ${first.join(' and ')} have ${share} of the votes each.${met}`
    : `The vote closed: ${first[0]} has ${share} of the votes.${met}`
}

function instant(seconds: number): string | null {
  const ms = seconds * 1000
  return Number.isFinite(ms) && ms > 0 && ms < 7e12 ? new Date(ms).toISOString() : null
}
