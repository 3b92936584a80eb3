/** The ways from one exchange to what is beside it: same principal an hour around, same key, same tool, and so on. */
import { Button, Menu } from '@mantine/core'
import { IconArrowsShuffle } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Exchange } from '../../api/exchanges.ts'
import { formatMoment } from '../../../../src/model/query/quantities.ts'
import { queryText } from '../query/grammar.ts'

const HOUR_MS = 3_600_000
const LISTED_MAX = 5

interface Way {
  readonly says: string
  readonly of: string
  readonly q: string
}

function waysFrom(exchange: Exchange): readonly Way[] {
  const { principal, keyId, service, model, conversation, tools, fingerprints } = exchange
  const atMs = exchange.receivedAtMs
  const around = `after:${formatMoment(atMs - HOUR_MS)} before:${formatMoment(atMs + HOUR_MS)}`
  const way = (says: string, field: string, value: string | null, when: string): Way[] =>
    value === null || value === ''
      ? []
      : [{ says, of: value, q: `${queryText(field, value)} ${when}` }]
  return [
    ...way('Same principal ± 1 h', 'principal', principal, around),
    ...way('Same key', 'key', keyId, 'last:30d'),
    ...way('Same service ± 1 h', 'service', service, around),
    ...way('Same model ± 1 h', 'model', model, around),
    ...way('Same conversation', 'conversation', conversation, 'last:365d'),
    ...fingerprints
      .slice(0, LISTED_MAX)
      .flatMap((one) => way('Same found value', 'fingerprint', one, 'last:30d')),
    ...tools.slice(0, LISTED_MAX).flatMap((one) => way('Same tool', 'tool', one, 'last:30d')),
  ]
}

export function AroundMenu({ exchange }: { readonly exchange: Exchange }) {
  const navigate = useNavigate()
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          size="compact-md"
          variant="default"
          leftSection={<IconArrowsShuffle size={15} stroke={1.8} />}
        >
          Around it
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {waysFrom(exchange).map(({ says, of, q }) => (
          <Menu.Item
            key={q}
            onClick={() => void navigate({ to: '/exchanges', search: { q } })}
            rightSection={<small>{visibleLine(of, 34)}</small>}
          >
            {says}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void navigate({ to: '/compare', search: { left: exchange.id } })}>
          Compare with another
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
