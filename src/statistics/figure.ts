/** A number, or the sentence that says why this sample cannot carry one. */
export type Figure = number | Missing
export type Missing = { readonly because: string }

export function isKnown(figure: Figure): figure is number {
  return typeof figure === 'number'
}

/** The number, or null where there is none. */
export function known(figure: Figure): number | null {
  return isKnown(figure) ? figure : null
}

/** The figure made of another; what is missing stays missing for the same reason. */
export function mapFigure(figure: Figure, of: (value: number) => Figure): Figure {
  return isKnown(figure) ? of(figure) : figure
}

export function missing(because: string): Missing {
  return { because }
}
