import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressRange } from './address-range.ts'

test('metadata, link-local, unspecified and multicast addresses are told apart from private and public ones', () => {
  for (const address of [
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '::',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'fd20:ce::254',
  ]) {
    assert.equal(addressRange(address), 'link-local', address)
  }
  for (const address of [
    '10.0.0.1',
    '172.16.5.5',
    '192.168.1.1',
    '127.0.0.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:10.0.0.1',
    'fec0::1',
    '2002:a00:1::',
  ]) {
    assert.equal(addressRange(address), 'private', address)
  }
  for (const address of [
    '1.1.1.1',
    '172.32.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '2002:808:808::1',
  ])
    assert.equal(addressRange(address), 'public', address)
})
