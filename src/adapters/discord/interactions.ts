import { InteractionResponseType, InteractionType, MessageFlags, type REST, Routes } from 'discord.js'
import { type Answer, Interaction } from '../../journal/incoming.ts'
import { choicesBody, formBody, messageBody } from './answer-body.ts'
import type { DiscordLog } from './log.ts'
import { AnyInteraction, InteractionPacket, nameOf } from './packets.ts'
import { failureOf } from './rest.ts'
import { momentOf } from './snowflake.ts'

/** Discord waits three seconds; after this one says that one is thinking. */
export const thinkingAfterMs = 1200
/** Suggestions cannot be waited for; later than this, none are shown. */
const choicesMostMs = 2000
/** Longest time one may think. */
const thoughtMostMs = 120_000
/** Questions answered at the same time; whoever asks beyond that is asked to come back. */
const atOnceMost = 100

const apology = 'Sorry, that did not work. Please try again later.'
const tooLate = 'Sorry, that took too long. Please try again later.'
const tooLateForForm = 'Sorry, the form took too long to open. Please try again.'
const busy = 'Many people are asking at this moment. Please try again in a minute.'
const unknown = 'This is nothing I know.'

const text = (content: string): Extract<Answer, { kind: 'reply' }> => ({ kind: 'reply', content, ephemeral: true })

/**
 * Answers commands, buttons, forms and suggestions within the three seconds Discord gives: whatever takes longer is announced
 * as thought about and filled in afterwards. What fails is told to the person in a short apology, and to the log without what
 * was said.
 *
 * @param options.isPrivate whether only the person sees that one is thinking; asked when an answer takes long
 */
export function interactionHandler(options: {
  readonly rest: REST
  readonly applicationId: () => string
  readonly onInteraction: (interaction: Interaction) => Promise<Answer>
  readonly isPrivate: (interaction: Interaction) => boolean
  readonly log: DiscordLog
  readonly thinkingAfterMs?: number
}): {
  readonly take: (data: unknown) => void
  readonly isBusy: () => boolean
  readonly settled: () => Promise<void>
} {
  const { rest, log, isPrivate } = options
  const seen = new Set<string>()
  const running = new Set<Promise<void>>()

  async function respond(
    packet: { id: string; token: string },
    body: unknown,
    files: ReturnType<typeof messageBody>['files'] = [],
  ): Promise<void> {
    await rest.post(Routes.interactionCallback(packet.id, packet.token), { body, files, auth: false })
  }

  async function reply(
    packet: { id: string; token: string },
    answer: Extract<Answer, { kind: 'reply' }>,
  ): Promise<void> {
    const { body, files } = messageBody(answer)
    await respond(packet, { type: InteractionResponseType.ChannelMessageWithSource, data: body }, files)
  }

  async function fillIn(
    packet: { token: string },
    answer: Extract<Answer, { kind: 'reply' }>,
    wasPrivate: boolean,
  ): Promise<void> {
    const { body, files } = messageBody(answer)
    const application = options.applicationId()
    if (answer.ephemeral && !wasPrivate) {
      // Everybody saw that one was thinking; the answer is for one person.
      await rest.delete(Routes.webhookMessage(application, packet.token), { auth: false })
      await rest.post(Routes.webhook(application, packet.token), { body, files, auth: false })
      return
    }
    const { flags: _, ...rest_ } = body
    await rest.patch(Routes.webhookMessage(application, packet.token), { body: rest_, files, auth: false })
  }

  async function answered(interaction: Interaction): Promise<Answer> {
    try {
      return await options.onInteraction(interaction)
    } catch (error) {
      log.warn(
        {
          interaction: interaction.name,
          because: error instanceof Error ? error.message.slice(0, 300) : 'no error was thrown',
        },
        'Discord: a question could not be answered',
      )
      return text(apology)
    }
  }

  async function handle(packet: InteractionPacket, interaction: Interaction): Promise<void> {
    const thought = answered(interaction)
    if (interaction.kind === 'autocomplete') {
      const answer = await within(thought, choicesMostMs)
      await respond(packet, choicesBody(answer?.kind === 'choices' ? answer : { kind: 'choices', choices: [] }))
      return
    }
    const quick = await within(thought, options.thinkingAfterMs ?? thinkingAfterMs)
    if (quick?.kind === 'form') return respond(packet, formBody(quick))
    if (quick !== null) return reply(packet, quick.kind === 'reply' ? quick : text(apology))
    const wasPrivate = isPrivate(interaction)
    await respond(packet, {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      data: { flags: wasPrivate ? MessageFlags.Ephemeral : 0 },
    })
    const slow = await within(thought, thoughtMostMs)
    const answer = slow === null ? text(tooLate) : slow.kind === 'reply' ? slow : text(tooLateForForm)
    await fillIn(packet, answer, wasPrivate)
  }

  async function taken(data: unknown): Promise<void> {
    const head = AnyInteraction.safeParse(data)
    if (!head.success || seen.has(head.data.id)) return
    seen.add(head.data.id)
    // A resumed connection may tell of the same press of a button once more.
    if (seen.size > 1000) seen.delete(seen.values().next().value!)
    const parsed = InteractionPacket.safeParse(data)
    const interaction = parsed.success ? read(parsed.data) : null
    try {
      if (interaction === null || !parsed.success) {
        log.debug({ type: head.data.type }, 'Discord: an interaction of an unknown form')
        if ([2, 3, 5].includes(head.data.type)) await reply(head.data, text(unknown))
        return
      }
      if (running.size > atOnceMost) {
        if (interaction.kind !== 'autocomplete') await reply(head.data, text(busy))
        return
      }
      await handle(parsed.data, interaction)
    } catch (error) {
      log.warn({ said: failureOf(error).said }, 'Discord: an answer could not be sent')
    }
  }

  return {
    take: (data) => {
      const task = taken(data)
      running.add(task)
      void task.finally(() => running.delete(task))
    },
    isBusy: () => running.size > 0,
    settled: async () => {
      await Promise.all(running)
    },
  }
}

/** Null when it takes longer. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** What a person does, as plain data; null for what we offer nowhere (menus of messages, selections). */
export function read(packet: InteractionPacket): Interaction | null {
  const user = packet.member?.user ?? packet.user
  const { data } = packet
  if (user === undefined || data === undefined) return null
  const common = {
    interactionId: packet.id,
    userId: user.id,
    userName: nameOf(user),
    placeId: packet.channel_id ?? null,
    messageId: packet.message?.id ?? null,
    isDirect: packet.guild_id === undefined,
    locale: packet.locale ?? null,
    at: momentOf(packet.id),
  }
  const isCommand = packet.type === InteractionType.ApplicationCommand
  if (isCommand || packet.type === InteractionType.ApplicationCommandAutocomplete) {
    if (data.name === undefined || (data.type ?? 1) !== 1) return null
    const outer = data.options.find((option) => option.type === 1)
    const options = outer === undefined ? data.options : (outer.options ?? [])
    const values = options.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]))
    return {
      ...common,
      kind: isCommand ? 'command' : 'autocomplete',
      name: data.name,
      subcommand: outer?.name ?? null,
      parameters: [],
      options: Object.fromEntries(values),
      focused: isCommand ? null : (options.find((option) => option.focused === true)?.name ?? null),
    }
  }
  const isButton = packet.type === InteractionType.MessageComponent
  if (!isButton && packet.type !== InteractionType.ModalSubmit) return null
  const [name = '', ...parameters] = data.custom_id?.split(':') ?? []
  if (name === '' || (isButton && data.component_type !== 2)) return null
  const fields = data.components.flat().map(({ custom_id, value }) => [custom_id, value] as const)
  const read = {
    ...common,
    kind: isButton ? ('button' as const) : ('modal' as const),
    name,
    subcommand: null,
    parameters,
    options: Object.fromEntries(fields),
    focused: null,
  }
  return Interaction.parse(read)
}
