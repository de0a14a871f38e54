"""The RPC products: one front door that checks signature, permission, parameters and quota; one module a product."""
