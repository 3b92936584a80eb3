/** Groups exposures by who, where and what, those with the most exchanges first. */
import type { ExposedGroup, ExposedProvider, Exposure } from './trace-result.ts'

const REGION =
  /(?:^|[.-])((?:us|eu|ap|ca|sa|me|af|il|mx)-(?:gov-)?[a-z]+-?\d?|[a-z]+(?:east|west|north|south|central)\d?)(?=[.-])/

export function groupsBy(
  exposures: readonly Exposure[],
  valueOf: (exposure: Exposure) => string | null,
): readonly ExposedGroup[] {
  const groups = new Map<string, Exposure[]>()
  for (const exposure of exposures) {
    const value = valueOf(exposure)
    if (value === null || value === '') continue
    const known = groups.get(value)
    if (known === undefined) groups.set(value, [exposure])
    else known.push(exposure)
  }
  return [...groups]
    .map(([value, held]) => groupOf(value, held))
    .sort((a, b) => b.exchanges - a.exchanges || a.firstAtMs - b.firstAtMs)
}

export function providersOf(
  exposures: readonly Exposure[],
  hostOf: (upstream: string) => string,
): readonly ExposedProvider[] {
  const named = (exposure: Exposure): string =>
    JSON.stringify([exposure.row.upstream, exposure.row.model ?? ''])
  // What was stopped went to nobody.
  const passed = exposures.filter(({ treatment }) => treatment !== 'stopped')
  return groupsBy(passed, named).map((group) => {
    const example = passed.find((exposure) => named(exposure) === group.value)
    const upstream = example?.row.upstream ?? ''
    const host = hostOf(upstream)
    return { ...group, upstream, model: example?.row.model ?? '', host, region: regionOf(host) }
  })
}

export function regionOf(host: string): string {
  return REGION.exec(host)?.[1] ?? ''
}

function groupOf(value: string, held: readonly Exposure[]): ExposedGroup {
  const exchangesWith = (test: (exposure: Exposure) => boolean): number =>
    new Set(held.filter(test).map(({ row }) => row.id)).size
  const times = held.map(({ row }) => row.receivedAtMs)
  return {
    value,
    exchanges: exchangesWith(() => true),
    raw: exchangesWith(({ treatment }) => treatment === 'raw'),
    masked: exchangesWith(({ treatment }) => treatment === 'masked'),
    stopped: exchangesWith(({ treatment }) => treatment === 'stopped'),
    sent: exchangesWith(({ direction }) => direction === 'sent'),
    received: exchangesWith(({ direction }) => direction === 'received'),
    firstAtMs: times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY),
    lastAtMs: times.reduce((most, time) => Math.max(most, time), 0),
  }
}
