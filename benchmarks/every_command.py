"""The commands whose figures the documentation quotes, by the name of their file of results.

The first word is a script of this folder; {fgnet}, {lfw}, {fairface}, {across} and {scratch} are
the paths that `every.py` is given.
"""

COMMANDS = {
    "injected_gap": "injected_gap.py --vectors {scratch}/injected_gap"
    " --out {scratch}/injected_gap.json",
    "interval_coverage": "interval_coverage.py --photos '2 to 6'",
    "kill_storm": "kill_storm.py",
    "label_noise": "label_noise.py",
    "log_cost": "log_cost.py --queries 80",
    "log_tampering": "log_tampering.py",
    "odds_coverage": "odds_coverage.py",
    "one_million": "ten_million.py {fairface} {fgnet} {scratch}/one_million"
    " --keep {scratch}/face_like.npz",
    "one_million_coded": "ten_million.py {fairface} {fgnet} {scratch}/one_million_coded"
    " --index coded --steps index open search --keep {scratch}/face_like.npz",
    "photo_files_fairface": "photo_files.py {fairface} --photos 300",
    "photo_files_fgnet": "photo_files.py {fgnet} --photos 300",
    "photo_files_lfw": "photo_files.py {lfw} --photos 300",
    "precision": "precision.py {fgnet}",
    "reindex_jobs": "reindex.py {fgnet} --only jobs",
    "reindex_jobs_dlib": "reindex.py {fgnet} --only jobs --model dlib-resnet --sizes 2000",
    "reindex_kills": "reindex.py {fgnet} --only kills",
    "reindex_kills_faces": "reindex.py --only kills --faces --storm 4000",
    "reindex_readers": "reindex.py {fgnet} --only readers",
    "reindex_searches": "reindex.py {fgnet} --only searches --model dlib-resnet",
    "reindex_versions": "reindex_versions.py {fgnet}",
    "reviews": "reviews.py",
    "search": "search.py --sizes 20000 100000 --threads 1",
    "serve": "serve.py --people 10",
    "served_search": "served_search.py",
    "synthetic_faces": "synthetic_faces.py --workers 2 --out {scratch}/synthetic_faces.json",
    "ten_million": "ten_million.py {fairface} {fgnet} {scratch}/ten_million --faces 10000000"
    " --keep {scratch}/face_like.npz",
    "throughput": "throughput.py {fgnet} --limit 200",
    "throughput_all": "throughput.py {fgnet} --limit 1002",
    "throughput_beside": "throughput.py {fgnet} --limit 150 --beside dlib-resnet --peer"
    " --peers-folder {scratch}/peers",
    "throughput_beside_bfloat16": "throughput.py {fgnet} --limit 150 --beside dlib-resnet --peer"
    " --peers-folder {scratch}/peers --precision bfloat16",
    "waiting_threads": "waiting_threads.py --photos 16",
    "watch": "watch.py",
}
