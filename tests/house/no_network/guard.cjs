// Loaded by every Node.js with --require: any connection throws.
const refuse = () => { throw new Error("synthesis must not use the network"); };
require("net").Socket.prototype.connect = refuse;
require("dgram").Socket.prototype.send = refuse;
Object.assign(require("dns"), { lookup: refuse, resolve: refuse });
