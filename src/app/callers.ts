/** Wires who may call: gateway keys, tokens of trusted issuers, tokens that were exchanged. */
import type { Config } from '../config/config.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import type { TokenEndpoint } from '../gateway/token-endpoint.ts'
import type { Authorities } from '../identity/certificate/authorities.ts'
import { createCertificateAuthenticator } from '../identity/certificate/certificate-authenticator.ts'
import { createExchangedTokenAuthenticator } from '../identity/exchange/exchanged-token-authenticator.ts'
import { createTokenDesk } from '../identity/exchange/token-desk.ts'
import { createIdentifier } from '../identity/identify.ts'
import type { Identification, Identifier } from '../identity/identify.ts'
import { createJwtAuthenticator } from '../identity/jwt/jwt-authenticator.ts'
import { createTrustBook } from '../identity/jwt/trust-book.ts'
import type { TrustBook } from '../identity/jwt/trust-book.ts'
import { createKeyAuthenticator } from '../identity/key-authenticator.ts'
import { collectRuleUses } from '../identity/rule-uses.ts'
import type { RuleUses } from '../identity/rule-uses.ts'
import type { Clock } from '../lib/clock.ts'
import type { ContainedFacts, ContainmentView } from '../model/containment.ts'
import type { Principal } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { keepCallers } from './caller-upkeep.ts'
import { keepRuleJournal } from './rule-journal.ts'
import { keepRules } from './rule-upkeep.ts'

export interface Callers extends AsyncDisposable {
  readonly identify: Identifier
  readonly book: TrustBook
  /** Made once the locks are known: nobody who is locked gets a token. */
  readonly tokenEndpoint: (containment: ContainmentView) => TokenEndpoint
}

export async function startCallers(sources: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly evidence: Pick<Evidence, 'recorder' | 'isLocal'>
  readonly config: () => Config
  /** Null where callers are asked for no certificate. */
  readonly authorities: Pick<Authorities, 'judge'> | null
}): Promise<Callers> {
  const { store, clock, log, config, authorities } = sources
  const { recorder, isLocal } = sources.evidence
  const configured = () => config().trust.rules
  await using stack = new AsyncDisposableStack()
  const keys = stack.use(
    createKeyAuthenticator({
      table: store.keys,
      clock,
      onFlushFailure: (error) => log.warn({}, 'last use of keys not written', error),
    }),
  )
  const book = createTrustBook({
    table: store.control.trustRules,
    terms: store.control.trustRuleTerms,
    config: () => config().trust,
    clock,
    onUnreadable: (rule) => log.error({ rule }, 'a trust rule cannot be read and trusts nobody'),
  })
  const uses = stack.use(
    collectRuleUses({
      table: store.control.trustRuleUses,
      clock,
      onFailure: (error) => log.warn({}, 'last use of trust rules not written', error),
    }),
  )
  stack.use(keepCallers({ control: store.control, clock, log }))
  stack.use(
    await keepRuleJournal({
      control: store.control,
      configured,
      version: book.version,
      index: store.index,
      recorder,
      isLocal,
      clock,
    }),
  )
  const { control } = store
  stack.use(keepRules({ control, clock, log, configured, keyRules: () => config().keys }))
  // Only gateways that ask for certificates load what reads them.
  const read =
    authorities === null
      ? null
      : (await import('../identity/certificate/read-certificate.ts')).readCertificate
  const owned = stack.move()
  return {
    book,
    identify: counting(
      createIdentifier(
        [
          keys,
          createExchangedTokenAuthenticator({ table: store.control.exchangedTokens, book, clock }),
          createJwtAuthenticator({ book, clock }),
        ],
        read === null || authorities === null
          ? null
          : createCertificateAuthenticator({ book, clock, read, authorities }),
      ),
      uses,
    ),
    tokenEndpoint: (containment) => {
      const desk = createTokenDesk({
        book,
        tokens: store.control.exchangedTokens,
        once: store.control.once,
        clock,
        lockOn: (principal) => containment.check(factsOf(principal))?.id ?? null,
        note: (event) => recorder.note(event),
      })
      return async (request) => {
        try {
          const isReliable = (await containment.current()) ?? true
          if (isReliable || containment.whenStale() === 'pass') return await desk(request)
        } catch (error) {
          log.error({}, 'a token could not be made', error)
        }
        const body = {
          error: 'temporarily_unavailable',
          error_description: 'tokens cannot be made now',
        }
        return { status: 503, body }
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Keeps in mind which trust rule let somebody in. */
function counting(identify: Identifier, { used }: RuleUses): Identifier {
  const counted = (result: Identification): Identification => {
    if (result.kind === 'principal') used(result.principal)
    return result
  }
  return (headers, query, certificate) => {
    const result = identify(headers, query, certificate)
    return result instanceof Promise ? result.then(counted) : counted(result)
  }
}

function factsOf(principal: Principal): ContainedFacts {
  return {
    principal: principal.id,
    people: [principal.id, principal.owner ?? '', principal.actor ?? ''],
    keys: [],
    services: [principal.service],
    upstream: '',
    model: '',
    conversation: '',
    linked: () => [],
    findings: [],
  }
}
