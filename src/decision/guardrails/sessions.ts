import type { Exchange } from '../../market/bar.ts'
import type { Panel } from '../../market/panel.ts'
import type { IsoDate } from '../../units.ts'

/**
 * Sessions that will have passed on an exchange between a fill on `date` and the open after `session`.
 *
 * Example: filled at Monday's open, decided at Friday's close, next open Monday -> 5
 */
export function sessionsUntilNextOpen(panel: Panel, exchange: Exchange, date: IsoDate, session: number): number {
  const open = panel.isOpen[exchange]
  let count = 0
  for (let t = session; t >= 0 && panel.sessions[t]! >= date; t--) count += open[t]!
  return count
}
