/** Wires what changes people: cutting them off, and provisioning by SCIM. */
import type { DeprovisionParts } from '../identity/deprovision.ts'
import type { ScimParts } from '../identity/scim/scim-users.ts'
import type { ControlPlaneSources } from './control-plane.ts'

export function peopleParts(
  sources: Pick<ControlPlaneSources, 'clock' | 'store' | 'evidence' | 'log' | 'login'>,
): { readonly deprovision: DeprovisionParts; readonly scim: ScimParts } {
  const { clock, store, evidence, log, login } = sources
  const { control, keys } = store
  const deprovision: DeprovisionParts = {
    control,
    locks: control.locks,
    clock,
    note: (event) => evidence.recorder.note(event),
    onFault: (what, error) => log.error({ what }, 'people', error),
  }
  return {
    deprovision,
    scim: {
      control,
      clock,
      deprovision,
      roles: () => login().scim,
      reserved: () => login().breakGlass,
      renamed: async (from, to) => {
        await keys.handOver({ from }, to)
      },
    },
  }
}
