import type { Position } from './holdings.ts'

/**
 * Place of each symbol in the list of positions that was searched or made last. Session, guardrails and policy of a day all
 * search the same list, and a day that opens and closes no position hands its places on to the next: a long backtest makes
 * few of them.
 */
let latest: { readonly positions: readonly Position[]; readonly places: ReadonlyMap<string, number> } | null = null

function placesOf(positions: readonly Position[]): ReadonlyMap<string, number> {
  if (latest?.positions !== positions) {
    latest = { positions, places: new Map(positions.map(({ symbol }, place) => [symbol, place])) }
  }
  return latest.places
}

/** Finds the position in a symbol without a walk through the list; undefined when nothing is held. */
export function positionFinder(positions: readonly Position[]): (symbol: string) => Position | undefined {
  const known = placesOf(positions)
  return (symbol) => {
    const place = known.get(symbol)
    return place === undefined ? undefined : positions[place]
  }
}

/**
 * Positions while a session changes them: by symbol, in the order in which they were opened, as a `Map` keeps them. One that
 * is sold whole and bought again goes to the end.
 */
export class HeldPositions {
  /** A position that was closed leaves a hole, so that the others keep their places. */
  readonly #list: (Position | undefined)[]
  #places: ReadonlyMap<string, number>
  /** The same map as `#places` once a position was opened or closed: until then it belongs to the list of the day before. */
  #ownPlaces: Map<string, number> | null = null

  constructor(positions: readonly Position[]) {
    this.#list = positions.slice()
    this.#places = placesOf(positions)
  }

  get(symbol: string): Position | undefined {
    const place = this.#places.get(symbol)
    return place === undefined ? undefined : this.#list[place]
  }

  set(symbol: string, position: Position): void {
    const place = this.#places.get(symbol)
    if (place !== undefined) this.#list[place] = position
    else this.#changePlaces().set(symbol, this.#list.push(position) - 1)
  }

  delete(symbol: string): void {
    const place = this.#places.get(symbol)
    if (place === undefined) return
    this.#list[place] = undefined
    this.#changePlaces().delete(symbol)
  }

  *values(): Generator<Position> {
    for (const position of this.#list) if (position !== undefined) yield position
  }

  toArray(): Position[] {
    const positions = this.#list.filter((position) => position !== undefined)
    if (this.#ownPlaces === null) latest = { positions, places: this.#places }
    return positions
  }

  #changePlaces(): Map<string, number> {
    if (this.#ownPlaces === null) {
      this.#ownPlaces = new Map(this.#places)
      this.#places = this.#ownPlaces
    }
    return this.#ownPlaces
  }
}
