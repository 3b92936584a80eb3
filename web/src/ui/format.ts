/** Numbers and moments as the console writes them: UTC, fixed widths, units after the number. */

const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** Small amounts keep the digits that say something. */
export function formatCost({ amount, currency }: { amount: number; currency: string }): string {
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    maximumSignificantDigits: 3,
  }).format(amount)
}

export function formatCount(count: number): string {
  return GROUPED.format(count)
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1_000
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`
}

export function formatDuration(ms: number): string {
  if (ms < 0.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${ms.toFixed(0)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `14:05:09.120` */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23)
}

/** `2026-11-23 14:05:09.120` */
export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ')
}

/** `1:04.2`, as a player shows it. */
export function formatPosition(ms: number): string {
  const tenths = Math.floor(ms / 100)
  const minutes = Math.floor(tenths / 600)
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, '0')}`
}

/** `4 min 12 s left`, for something that ends. */
export function formatRemaining(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
