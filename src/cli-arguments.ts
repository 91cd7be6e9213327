import { InvalidArgumentError } from 'commander'

// Readers of single arguments: each returns the value or says in one sentence how it is written.

export function isoDate(value: string): string {
  const date = new Date(`${value}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== value) {
    throw new InvalidArgumentError('A date is written YYYY-MM-DD and must exist.')
  }
  return value
}

export function instant(value: string): string {
  const moment = new Date(value)
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{3})?)?Z$/.test(value) || Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('A moment is written YYYY-MM-DDTHH:MM:SSZ, in UTC.')
  }
  return moment.toISOString()
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('A whole number, zero or more.')
  return Number(value)
}

export function positiveWhole(value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new InvalidArgumentError('A whole number from 1.')
  return Number(value)
}

export function positiveNumber(value: string): number {
  const number = Number(value)
  if (!(number > 0) || !Number.isFinite(number)) throw new InvalidArgumentError('A number above zero.')
  return number
}

export function sessionCount(value: string): string {
  if (value !== 'all' && !/^[1-9]\d{0,5}$/.test(value))
    throw new InvalidArgumentError('A whole number from 1, or "all".')
  return value
}
