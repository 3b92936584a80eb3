/** A command line asks to act for oneself: compare the code, see which device it is, say yes or no. */
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { isApiProblem } from '../api/client.ts'
import { decideDevice, deviceQuery } from '../api/devices.ts'
import type { PendingDevice } from '../../../src/api/contract/devices.ts'
import { useMe } from '../features/access/me.ts'
import { FormProblem } from '../ui/form-problem.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import facts from '../features/keys/key-flags.module.css'
import classes from '../ui/form.module.css'

export interface DeviceSearch {
  readonly code?: string
}

export function readDeviceSearch({ code }: Record<string, unknown>): DeviceSearch {
  return typeof code === 'string' && code !== '' ? { code: code.slice(0, 20) } : {}
}

export function Device() {
  const { code = '' } = useSearch({ from: '/shell/device' })
  return (
    <Page title="Let a device act for you">
      <Panel title={code === '' ? 'Which device?' : 'A device asks'}>
        {code === '' ? <CodeForm /> : <Question key={code} code={code} />}
      </Panel>
    </Page>
  )
}

function CodeForm() {
  const navigate = useNavigate({ from: '/device' })
  const [code, setCode] = useState('')
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ search: { code } })
      }}
    >
      <TextInput
        label="Code"
        description="As the command line shows it"
        placeholder="BCDF-GHJK"
        required
        maxLength={20}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <Button type="submit">Go on</Button>
    </form>
  )
}

function Question({ code }: { readonly code: string }) {
  const device = useQuery(deviceQuery(code))
  const decide = useMutation({
    mutationFn: (approve: boolean) => decideDevice(code, approve),
  })
  if (decide.isSuccess)
    return (
      <Notice kind="empty" title={decide.variables ? 'The device may go on' : 'Refused'}>
        <p>You can close this page.</p>
      </Notice>
    )
  if (device.isPending) return <Skeleton rows={3} label="Looking for the device" />
  if (isApiProblem(device.error, 404))
    return (
      <Notice kind="error" title="No device waits under this code">
        <p>It was decided before, or took longer than ten minutes. Begin again on the device.</p>
      </Notice>
    )
  if (device.isError)
    return <ProblemNotice error={device.error} retry={() => void device.refetch()} />
  return (
    <div className={classes.form}>
      <DeviceFacts device={device.data} />
      <FormProblem error={decide.error} />
      <div className={classes.filters}>
        <Button loading={decide.isPending} onClick={() => decide.mutate(true)}>
          Let it act for me
        </Button>
        <Button variant="default" disabled={decide.isPending} onClick={() => decide.mutate(false)}>
          Refuse
        </Button>
      </div>
    </div>
  )
}

function DeviceFacts({ device }: { readonly device: PendingDevice }) {
  const me = useMe()
  return (
    <>
      <p>
        Say yes only when you began this yourself and the code is the one that you see there. It
        will send prompts through the gateway as{' '}
        <strong>{visibleLine(me.person.login, 120)}</strong>, for 30 days or until its key is
        revoked.
      </p>
      <dl className={facts.facts}>
        <dt>Code</dt>
        <dd>
          <strong>{device.userCode}</strong>
        </dd>
        <dt>Device</dt>
        <dd>{visibleLine(device.client, 120)}</dd>
        <dt>From</dt>
        <dd>{visibleLine(device.address, 80)}</dd>
        <dt>Asked</dt>
        <dd>
          <Moment ms={device.createdAtMs} />
        </dd>
      </dl>
    </>
  )
}
