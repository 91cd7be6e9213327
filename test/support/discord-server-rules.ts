import type { State } from './discord-server-state.ts'

/** What Discord refuses in a message, by its documentation; and what a person would feel: a ping. */

type Body = Record<string, unknown>
export type FormErrors = { path: string; code: string; message: string }[]

const isList = (value: unknown): value is unknown[] => Array.isArray(value)
const isRecord = (value: unknown): value is Body => typeof value === 'object' && value !== null && !isList(value)
// Discord counts code points and trims.
const lengthOf = (value: unknown) => (typeof value === 'string' ? [...value.trim()].length : 0)

/**
 * @param files names of the files that came along
 * @param isUpdate whether a message may be left without content, since it may have some
 */
export function messageErrors(body: Body, files: readonly string[], isUpdate: boolean): FormErrors {
  const errors: FormErrors = []
  const fault = (path: string, code: string, message: string) => errors.push({ path, code, message })
  const most = (path: string, value: unknown, limit: number, required = false) => {
    if (value === undefined || value === null) {
      if (required) fault(path, 'BASE_TYPE_REQUIRED', 'This field is required')
      return
    }
    if (typeof value !== 'string') fault(path, 'STRING_TYPE_CONVERT', 'Could not interpret as string.')
    else if (lengthOf(value) > limit) fault(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${limit} or fewer in length.`)
    else if (required && lengthOf(value) === 0) fault(path, 'BASE_TYPE_REQUIRED', 'This field is required')
  }
  most('content', body.content, 2000)
  most('nonce', body.nonce === undefined ? undefined : String(body.nonce), 25)
  const embeds = isList(body.embeds) ? body.embeds : []
  if (embeds.length > 10) fault('embeds', 'BASE_TYPE_MAX_LENGTH', 'Must be 10 or fewer in length.')
  let total = 0
  for (const [index, embed] of embeds.entries()) {
    if (!isRecord(embed)) {
      fault(`embeds.${index}`, 'MODEL_TYPE_CONVERT', 'Only dictionaries may be used')
      continue
    }
    const at = `embeds.${index}`
    most(`${at}.title`, embed.title, 256)
    most(`${at}.description`, embed.description, 4096)
    const footer = isRecord(embed.footer) ? embed.footer.text : undefined
    most(`${at}.footer.text`, footer, 2048)
    const fields = isList(embed.fields) ? embed.fields : []
    if (fields.length > 25) fault(`${at}.fields`, 'BASE_TYPE_MAX_LENGTH', 'Must be 25 or fewer in length.')
    total += lengthOf(embed.title) + lengthOf(embed.description) + lengthOf(footer)
    for (const [place, field] of fields.entries()) {
      const { name, value } = isRecord(field) ? field : {}
      most(`${at}.fields.${place}.name`, name, 256, true)
      most(`${at}.fields.${place}.value`, value, 1024, true)
      total += lengthOf(name) + lengthOf(value)
    }
    const image = isRecord(embed.image) ? embed.image.url : undefined
    if (image !== undefined) {
      const named = /^attachment:\/\/(.+)$/.exec(String(image))?.[1]
      if (named === undefined ? !/^https?:/.test(String(image)) : !files.includes(named)) {
        fault(`${at}.image.url`, 'URL_TYPE_INVALID_URL', 'Not a well formed URL, or no such attachment.')
      }
    }
    if (embed.timestamp !== undefined && Number.isNaN(Date.parse(String(embed.timestamp)))) {
      fault(`${at}.timestamp`, 'DATETIME_TYPE_PARSE', 'Could not parse; should be ISO8601.')
    }
    const color = embed.color
    if (color !== undefined && !(Number.isInteger(color) && Number(color) >= 0 && Number(color) <= 0xffffff)) {
      fault(`${at}.color`, 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 16777215.')
    }
  }
  if (total > 6000) fault('embeds', 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000')
  componentErrors(body.components, fault, most)
  const mentions = body.allowed_mentions
  if (isRecord(mentions)) {
    const parse = isList(mentions.parse) ? mentions.parse : []
    for (const kind of ['users', 'roles']) {
      if (parse.includes(kind) && isList(mentions[kind]) && mentions[kind].length > 0) {
        fault(
          'allowed_mentions',
          'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
          `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
        )
      }
    }
  }
  const attachments = isList(body.attachments) ? body.attachments : []
  for (const [index, attachment] of attachments.entries()) {
    if (isRecord(attachment)) most(`attachments.${index}.description`, attachment.description, 1024)
  }
  const isEmpty = lengthOf(body.content) === 0 && embeds.length === 0 && files.length === 0
  if (isEmpty && !isUpdate) fault('', '50006', 'Cannot send an empty message')
  return errors
}

function componentErrors(
  components: unknown,
  fault: (path: string, code: string, message: string) => void,
  most: (path: string, value: unknown, limit: number, required?: boolean) => void,
): void {
  if (!isList(components)) return
  if (components.length > 5) fault('components', 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.')
  const ids = new Set<string>()
  for (const [index, row] of components.entries()) {
    const buttons = isRecord(row) && row.type === 1 && isList(row.components) ? row.components : null
    if (buttons === null) {
      fault(`components.${index}.type`, 'BASE_TYPE_CHOICES', 'Value must be one of (1,).')
      continue
    }
    if (buttons.length < 1 || buttons.length > 5) {
      fault(`components.${index}.components`, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.')
    }
    for (const [place, button] of buttons.entries()) {
      const at = `components.${index}.components.${place}`
      if (!isRecord(button) || button.type !== 2) {
        fault(`${at}.type`, 'BASE_TYPE_CHOICES', 'Value must be 2.')
        continue
      }
      most(`${at}.label`, button.label, 80, true)
      most(`${at}.custom_id`, button.custom_id, 100, true)
      if (ids.has(String(button.custom_id))) {
        fault(`${at}.custom_id`, 'COMPONENT_CUSTOM_ID_DUPLICATED', 'Component custom id cannot be duplicated')
      }
      ids.add(String(button.custom_id))
    }
  }
}

/** The body of a 400, nested as Discord nests it. */
export function formError(errors: FormErrors): {
  readonly code: number
  readonly message: string
  readonly errors?: Body
} {
  const empty = errors.find((error) => error.code === '50006')
  if (empty !== undefined) return { code: 50006, message: empty.message }
  const tree: Body = {}
  for (const { path, code, message } of errors) {
    let node = tree
    for (const part of path.split('.')) {
      node[part] = isRecord(node[part]) ? node[part] : {}
      node = node[part] as Body
    }
    node._errors = [{ code, message }]
  }
  return { code: 50035, message: 'Invalid Form Body', errors: tree }
}

/**
 * Who would be notified of a message: `@everyone`, people and roles named in its content (never in embeds), and whoever is
 * answered, as far as `allowed_mentions` lets it. Without `allowed_mentions` everything named is.
 */
export function pings(state: State, body: Body, answered: string | null): string[] {
  const content = typeof body.content === 'string' ? body.content : ''
  const allowed = isRecord(body.allowed_mentions) ? body.allowed_mentions : null
  const parse = allowed === null ? ['everyone', 'users', 'roles'] : isList(allowed.parse) ? allowed.parse : []
  const listed = (kind: string, id: string) => isList(allowed?.[kind]) && (allowed[kind] as unknown[]).includes(id)
  const found: string[] = []
  if (parse.includes('everyone') && /@(everyone|here)/.test(content)) found.push('@everyone')
  for (const match of content.matchAll(/<@(&|!)?(\d+)>/g)) {
    const kind = match[1] === '&' ? 'roles' : 'users'
    if (parse.includes(kind) || listed(kind, match[2]!)) found.push(`${kind} ${match[2]}`)
  }
  const answersPing = allowed === null || allowed.replied_user === true
  if (answered !== null && answersPing && answered !== state.bot.id) found.push(`users ${answered} (answered)`)
  return found
}
