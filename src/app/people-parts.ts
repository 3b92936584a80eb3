/** Wires what changes people: cutting them off, and provisioning by SCIM. */
import { readStoredRule } from '../identity/jwt/trust-book.ts'
import { holdingsOf } from '../identity/rule-ownership.ts'
import type { Holdings } from '../identity/rule-ownership.ts'
import type { DeprovisionParts } from '../identity/deprovision.ts'
import type { ScimParts } from '../identity/scim/scim-users.ts'
import type { ControlPlaneSources } from './control-plane.ts'

export function peopleParts(
  sources: Pick<
    ControlPlaneSources,
    'clock' | 'store' | 'evidence' | 'log' | 'login' | 'configuredTrust'
  >,
): { readonly deprovision: DeprovisionParts; readonly scim: ScimParts } {
  const { clock, store, evidence, log, login, configuredTrust } = sources
  const { control, keys } = store
  const holdings = async (person: string): Promise<Holdings> => {
    const stored = (await control.trustRules.list()).flatMap((row) => readStoredRule(row) ?? [])
    return holdingsOf(person, {
      keys: await keys.list(),
      rules: [...configuredTrust(), ...stored],
      uses: await control.trustRuleUses.list(),
      nowMs: clock.nowMs(),
    })
  }
  const deprovision: DeprovisionParts = {
    control,
    locks: control.locks,
    holdings,
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
