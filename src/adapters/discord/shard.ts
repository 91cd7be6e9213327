import { type ClientOptions, SimpleShardingStrategy } from 'discord.js'

type Build = NonNullable<NonNullable<ClientOptions['ws']>['buildStrategy']>
type Manager = Parameters<Build>[0]

export type ShardEvents = {
  /** A dispatch: its name and its data, which nothing has looked at. */
  readonly onPacket: (name: string, data: unknown) => void
  /** Something else the connection tells: 'hello', 'ready', 'resumed', 'closed' (with its code), 'heartbeat', 'error'. */
  readonly onSign: (sign: string, payload: { readonly code?: number; readonly error?: unknown }) => void
  /** The machinery of the connection threw: it cannot be relied on any longer. */
  readonly onFault: (error: unknown) => void
  readonly isClosed: () => boolean
}

/**
 * discord.js's connection to the gateway (identify, resume, heartbeats), whose packets come to us and not to its caches: no
 * packet, however broken, can throw inside it, and its memory does not grow with what is said.
 *
 * Its tasks run unawaited, so that an error in one of them (two reconnects that meet, a packet without its fields) would end
 * the process; and once destroyed while it waits to reconnect, it reconnects all the same. Both are mended here from outside.
 */
export function guardedStrategy(manager: Manager, events: ShardEvents): SimpleShardingStrategy {
  Reflect.set(manager, 'emit', (sign: string, payload: Record<string, unknown> = {}) => {
    if (events.isClosed()) return true
    try {
      if (sign === 'dispatch') {
        const packet = payload.data as { readonly t?: unknown; readonly d?: unknown }
        if (typeof packet.t === 'string') events.onPacket(packet.t, packet.d)
      } else events.onSign(sign, payload)
    } catch (error) {
      events.onFault(error)
    }
    return true
  })
  return new GuardedStrategy(manager, events)
}

class GuardedStrategy extends SimpleShardingStrategy {
  private readonly events: ShardEvents
  constructor(manager: Manager, events: ShardEvents) {
    super(manager)
    this.events = events
  }

  override async spawn(ids: number[]): Promise<void> {
    await super.spawn(ids)
    const shards = Reflect.get(this, 'shards') as ReadonlyMap<number, object>
    for (const shard of shards.values()) guard(shard, this.events)
  }
}

type Task = (...given: readonly unknown[]) => Promise<unknown>

function guard(shard: object, events: ShardEvents): void {
  for (const name of ['internalConnect', 'onMessage', 'onClose', 'heartbeat', 'destroy']) {
    const task = Reflect.get(shard, name) as Task
    Reflect.set(shard, name, async (...given: readonly unknown[]) => {
      if (name === 'internalConnect' && events.isClosed()) return
      if (name === 'destroy') ignoreLateErrors(shard)
      try {
        return await Reflect.apply(task, shard, given)
      } catch (error) {
        // A packet that cannot be read is one packet; the others go on.
        if (name !== 'onMessage' && !events.isClosed()) events.onFault(error)
        return
      }
    })
  }
}

/** A socket that is given up while it connects has no listener left, and its error would end the process. */
function ignoreLateErrors(shard: object): void {
  const socket = Reflect.get(shard, 'connection') as { on?: (event: 'error', listener: () => void) => void } | null
  socket?.on?.('error', () => {})
}
