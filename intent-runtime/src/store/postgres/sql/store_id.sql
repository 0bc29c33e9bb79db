SELECT id FROM intent.store;
