import type { catalystBodies } from '../journal/catalyst-entry.ts'
import type { communityBodies } from '../journal/community-entry.ts'
import type { EntryBodies } from '../journal/entry.ts'
import type { outboxBodies } from '../journal/outbox-entry.ts'

type PublicKind = keyof typeof outboxBodies | keyof typeof communityBodies | keyof typeof catalystBodies

/** What an entry of the outbox, the talk or the catalysts records, in one short line. Erasable text is never in it. */
export const publicSummaries: { readonly [K in PublicKind]: (body: EntryBodies[K]) => string } = {
  posting: (body) =>
    `post of entry ${body.post}, text ${body.part + 1} of ${body.parts}, about to go to ${body.channel}`,
  posted: (body) =>
    `post of entry ${body.post}, text ${body.part + 1}, is on ${body.channel} as ${body.externalId} (${body.how})`,
  released: (body) =>
    `post of entry ${body.post}, text ${body.part + 1}: attempt ${body.attempt} on ${body.channel} is over, ${body.outcome === 'unsent' ? 'nothing was sent' : 'whether it is there is asked'}`,
  unposted: (body) => `post of entry ${body.post} is not on ${body.channel}: ${body.because.slice(0, 80)}`,
  reply: (body) =>
    `${who(body)} by ${body.via}${body.decision === null ? '' : `, on the decision in entry ${body.decision}`}`,
  edit: (body) => `the text of entry ${body.of} was changed on ${body.channel}`,
  deletion: (body) => `the text of entry ${body.of} was deleted on ${body.channel}`,
  reaction: (body) => `${who(body)}: ${body.emoji} ${body.change}`,
  opinion: (body) => `${who(body)}: ${body.opinion}`,
  prediction: (body) =>
    `${who(body)}: ${body.symbol} ${body.direction} with ${Math.round(body.probability * 100)} % in ${body.horizonSessions} sessions`,
  feedback: (body) => `${who(body)}: feedback`,
  question: (body) => `${who(body)}: a question`,
  answer: (body) => `answer to entry ${body.of}${body.because === null ? '' : `: none, ${body.because.slice(0, 60)}`}`,
  consent: (body) => `${body.person.slice(0, 8)} on ${body.channel}: consent ${body.consent}`,
  forgotten: (body) => `${body.person.slice(0, 8)} on ${body.channel} forgotten: ${body.texts} texts erased`,
  notice: (body) => `${body.person.slice(0, 8)} on ${body.channel} was told what is kept`,
  trade: (body) => `the owner's own trade: ${body.side} ${body.symbol}`,
  switch: (body) => `${body.target} ${body.state}`,
  item: (body) =>
    `${body.source} ${body.id.slice(0, 40)}, version ${body.version}, known at ${body.knownAt.slice(0, 10)}`,
  extraction: (body) =>
    `${body.extractor} on entry ${body.item}: ${body.signals.length} signals, ${body.dropped.length} dropped`,
  universe: (body) => `${body.date}: ${body.members.length} members`,
}

function who({ person, channel }: { readonly person: string; readonly channel: string }): string {
  return `${person.slice(0, 8)} on ${channel}`
}
