// Safe's own kit, told by one JSON document on stdin what to do. It refuses a transaction whose hash by its own reckoning,
// and by the Safe's, is not the one it was told. Its keys are anvil's published ones.
import {readFileSync} from 'node:fs';
import Safe, {EthSafeSignature} from '@safe-global/protocol-kit';
import {SigningMethod} from '@safe-global/types-kit';

const {act, url, safe, key, tx, contracts, method, signatures = {}, wanted} = JSON.parse(readFileSync(0, 'utf8'));

const one = await Safe.init({
  provider: url,
  signer: key,
  safeAddress: safe,
  contractNetworks: contracts,
});
const {to, value, data, operation, ...options} = tx;
let made = await one.createTransaction({transactions: [{to, value, data, operation}], options});
const hash = await one.getTransactionHash(made);
if (hash !== wanted) throw new Error(`the kit's hash is ${hash}`);

if (act === 'sign') {
  made = await one.signTransaction(made, SigningMethod[method]);
  const [signature] = [...made.signatures.values()];
  console.log(JSON.stringify({version: one.getContractVersion(), hash, signer: signature.signer, data: signature.data}));
} else if (act === 'execute') {
  for (const [signer, bytes] of Object.entries(signatures)) {
    made.addSignature(new EthSafeSignature(signer, bytes));
  }
  const sent = await one.executeTransaction(made);
  console.log(JSON.stringify({version: one.getContractVersion(), hash, sent: sent.hash}));
} else {
  throw new Error(`nothing is known of ${act}`);
}
