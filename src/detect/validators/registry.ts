/** The validators that rules can name. */
import type { Validate } from '../rule.ts'
import * as europe from './national-ids-europe.ts'
import * as health from './health.ts'
import * as payment from './payment.ts'
import * as shape from './text-shape.ts'
import * as wallets from './wallets.ts'
import * as world from './national-ids-world.ts'
import { digitsOf, luhn } from './checksums.ts'

const VALIDATORS: ReadonlyMap<string, Validate> = new Map([
  ['luhn', (text: string) => luhn(digitsOf(text))],
  ['card', payment.isCard],
  ['iban', payment.isIban],
  ['aba', payment.isAbaRouting],
  ['swift', payment.isSwift],
  ['lei', payment.isLei],
  ['nhs', health.isNhs],
  ['npi', health.isNpi],
  ['mbi', health.isMbi],
  ['dea', health.isDea],
  ['base58check', wallets.isBase58Check],
  ['bech32', wallets.isBech32],
  ['jwt', shape.isJwt],
  ['basic-auth', shape.isBasicAuth],
  ['email', shape.isEmail],
  ['ipv4', shape.isIpv4],
  ['ipv6', shape.isIpv6],
  ['mac', shape.isMac],
  ['phone-international', shape.isInternationalPhone],
  ['phone-nanp', shape.isNanpPhone],
  ['birth-date', shape.isBirthDate],
  ['vin', shape.isVin],
  ['not-placeholder', shape.isNotPlaceholder],
  ['not-words', shape.isNotWords],
  ['not-uuid', shape.isNotUuid],
  ['varied', shape.isVaried],
  ['mixed', shape.isMixed],
  ['jumbled', shape.isJumbled],
  ['strong', shape.isStrong],
  ['us-ssn', world.isUsSsn],
  ['us-itin', world.isUsItin],
  ['ca-sin', world.isCaSin],
  ['au-tfn', world.isAuTfn],
  ['au-abn', world.isAuAbn],
  ['au-acn', world.isAuAcn],
  ['au-medicare', world.isAuMedicare],
  ['br-cpf', world.isBrCpf],
  ['br-cnpj', world.isBrCnpj],
  ['br-pis', world.isBrPis],
  ['in-aadhaar', world.isInAadhaar],
  ['in-pan', world.isInPan],
  ['in-gstin', world.isInGstin],
  ['sg-nric', world.isSgNric],
  ['kr-rrn', world.isKrRrn],
  ['jp-my-number', world.isJpMyNumber],
  ['cn-resident-id', world.isCnResidentId],
  ['tw-national-id', world.isTwNationalId],
  ['hk-id', world.isHkId],
  ['za-id', world.isZaId],
  ['il-id', world.isIlId],
  ['th-id', world.isThId],
  ['mx-curp', world.isMxCurp],
  ['cl-rut', world.isClRut],
  ['ar-cuit', world.isArCuit],
  ['my-kad', world.isMyKad],
  ['uk-nino', europe.isUkNino],
  ['de-tax-id', europe.isDeTaxId],
  ['de-social-security', europe.isDeSocialSecurity],
  ['es-nif', europe.isEsNif],
  ['it-fiscal-code', europe.isItFiscalCode],
  ['it-vat', europe.isItVat],
  ['fr-nir', europe.isFrNir],
  ['nl-bsn', europe.isNlBsn],
  ['be-national-number', europe.isBeNationalNumber],
  ['pl-pesel', europe.isPlPesel],
  ['pl-nip', europe.isPlNip],
  ['se-personnummer', europe.isSePersonnummer],
  ['no-fodselsnummer', europe.isNoFodselsnummer],
  ['dk-cpr', europe.isDkCpr],
  ['fi-hetu', europe.isFiHetu],
  ['pt-nif', europe.isPtNif],
  ['ro-cnp', europe.isRoCnp],
  ['bg-egn', europe.isBgEgn],
  ['cz-birth-number', europe.isCzBirthNumber],
  ['baltic-personal-code', europe.isBalticPersonalCode],
  ['hr-oib', europe.isHrOib],
  ['ch-ahv', europe.isChAhv],
  ['at-social-security', europe.isAtSocialSecurity],
  ['ie-pps', europe.isIePps],
  ['gr-amka', europe.isGrAmka],
  ['tr-identity', europe.isTrIdentity],
])

const ENTROPY = /^entropy:(\d(?:\.\d+)?)$/

/** Finds a validator by name; `entropy:3.5` asks for at least that many bits per character. */
export function findValidator(name: string): Validate | null {
  const least = ENTROPY.exec(name)?.[1]
  if (least !== undefined) return (text) => shape.entropy(text) >= Number(least)
  return VALIDATORS.get(name) ?? null
}

export function validatorNames(): readonly string[] {
  return [...VALIDATORS.keys(), 'entropy:N']
}
