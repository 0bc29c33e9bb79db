use intent_runtime::MemoryStore;

intent_runtime::store_conformance!(async { (MemoryStore::new(), ()) });
